import type {Problem, ProblemDetails} from '../../api/types.ts';

/** An answer that is none: the service's own words, or that it did not answer. */
export class ApiFailure extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string;
  /** What is wrong with a file that was sent, place by place. */
  readonly problems: readonly Problem[];

  constructor(status: number, code: string, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
  }
}

let csrf = '';
let onUnauthenticated: () => void = () => {};

/** The token that must come back with every change. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Called whenever the service no longer knows who asks. */
export function whenUnauthenticated(call: () => void): void {
  onUnauthenticated = call;
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {...init, credentials: 'same-origin'});
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiFailure(0, 'unreachable', 'The service does not answer');
  }
  if (response.ok) return response;
  if (response.status === 401) onUnauthenticated();
  throw await failureOf(response);
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const fallback = `The service answered ${response.status}`;
  try {
    const problem = (await response.json()) as Partial<ProblemDetails>;
    const more = problem.problems?.map(({path, message}) => `${path}: ${message}`).join('; ');
    const detail = [problem.detail ?? problem.title ?? fallback, more].filter(Boolean).join(' — ');
    return new ApiFailure(response.status, problem.code ?? '', detail, problem.problems);
  } catch {
    return new ApiFailure(response.status, '', fallback);
  }
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, {headers: {accept: 'application/json'}, signal: signal ?? null});
  return (await response.json()) as T;
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await ask(path, {signal: signal ?? null})).text();
}

export function post<T>(path: string, body?: unknown): Promise<T | undefined> {
  return change('POST', path, body);
}

export function put<T>(path: string, body: unknown): Promise<T | undefined> {
  return change('PUT', path, body);
}

async function change<T>(method: string, path: string, body: unknown): Promise<T | undefined> {
  const response = await ask(path, {
    method,
    headers: {
      ...(csrf === '' ? {} : {'x-csrf-token': csrf}),
      ...(body === undefined ? {} : {'content-type': 'application/json'}),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return response.status === 204 ? undefined : ((await response.json()) as T);
}

/** A query string with its "?" of what is neither undefined nor ""; "" if that is nothing. */
export function queryString(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
