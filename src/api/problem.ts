import type {Context} from 'hono';
import type {Problem, ProblemDetails} from './types.ts';

/** Every way in which the API refuses; `docs/errors.md` explains each. */
export const PROBLEMS = {
  malformed_body: [400, 'The body cannot be read'],
  invalid_request: [400, 'The request is not as described'],
  unauthenticated: [401, 'Nobody is logged in'],
  login_failed: [401, 'The login was refused'],
  forbidden: [403, 'This role may not do that'],
  cross_site: [403, 'The request comes from another site'],
  host_refused: [403, 'The service does not go by that name'],
  not_found: [404, 'There is no such thing'],
  method_not_allowed: [405, 'The method does not apply here'],
  conflict: [409, 'It was changed meanwhile'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body is of a type that is not taken'],
  unprocessable: [422, 'The file is at fault'],
  too_many_requests: [429, 'Too many requests'],
  push_refused: [400, 'The push was refused'],
  internal: [500, 'The service is at fault'],
  unavailable: [503, 'The service cannot do that just now'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

interface Extras {
  readonly problems?: readonly Problem[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the code alone does not decide it. */
  readonly status?: number;
}

/** Thrown by handlers; `api.ts` makes the answer of it. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly extras: Extras;

  constructor(code: ProblemCode, detail: string, extras: Extras = {}) {
    super(detail);
    this.name = 'ApiProblem';
    this.code = code;
    this.extras = extras;
  }
}

/** An answer as RFC 9457 has it. */
export function problemResponse(
  c: Context,
  code: ProblemCode,
  detail: string,
  extras: Extras = {},
) {
  const [usual, title] = PROBLEMS[code];
  const status = extras.status ?? usual;
  const body: ProblemDetails = {
    type: `/api/v1/docs#${code}`,
    title,
    status,
    detail,
    instance: c.req.path,
    code,
    ...(extras.problems === undefined ? {} : {problems: [...extras.problems]}),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...extras.headers,
    },
  });
}
