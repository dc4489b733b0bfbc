import type {Attribution, Episode} from '../evaluator.ts';
import type {DetectionEvent} from '../event.ts';
import type {Json} from '../json.ts';

/** Values told of each attribute. */
const MAX_VALUES = 5;
const MAX_TEXT = 512;
const MINUTE = 60_000;

const ATTRIBUTES: Readonly<Record<string, Attribution['attribute']>> = {
  userIdentityArn: 'principal',
  userAgent: 'userAgent',
  errorCode: 'errorCode',
};

type Fields = Readonly<Record<string, Json>>;

/**
 * An episode that CloudTrail Insights told; undefined for a record that is none or that says too
 * little. Its principals are ARNs, as CloudTrail writes them. The start of one that has ended is
 * its end less its duration, where the record has one; else its end.
 */
export function insightEpisode(event: DetectionEvent): Episode | undefined {
  const {record, components} = event;
  const details = fields(record.insightDetails);
  if (components.service !== 'insight' || details === undefined) return undefined;
  const measure = measureOf(text(details.insightType));
  const state = text(details.state).toLowerCase();
  if (measure === undefined || (state !== 'start' && state !== 'end')) return undefined;
  const context = fields(details.insightContext) ?? {};
  const statistics = fields(context.statistics) ?? {};
  const duration = number(statistics.insightDuration);
  return {
    id: text(record.sharedEventID) || event.id,
    state,
    measure,
    origin: 'insight',
    account: components.account,
    region: components.region,
    // What the record is about stands where other events have their resource.
    operation: components.resource,
    principal: '',
    errorCode: text(details.errorCode),
    start: state === 'start' ? event.time : event.time - duration * MINUTE,
    end: state === 'start' ? null : event.time,
    baselineAverage: number(fields(statistics.baseline)?.average),
    episodeAverage: number(fields(statistics.insight)?.average),
    baselineMinutes: number(statistics.baselineDuration),
    attributions: list(context.attributions).flatMap((one) => attributionOf(fields(one))),
  };
}

function measureOf(insightType: string): Episode['measure'] | undefined {
  if (insightType === 'ApiCallRateInsight') return 'calls';
  return insightType === 'ApiErrorRateInsight' ? 'errors' : undefined;
}

function attributionOf(one: Fields | undefined): Attribution[] {
  const attribute = ATTRIBUTES[text(one?.attribute)];
  if (one === undefined || attribute === undefined) return [];
  const values = (of: Json | undefined) =>
    list(of)
      .map((value) => fields(value))
      .filter((value) => value !== undefined)
      .slice(0, MAX_VALUES)
      // A call that succeeded has the error code "null", in letters.
      .map(({value, average}) => ({value: shown(text(value)), average: number(average)}));
  return [{attribute, episode: values(one.insight), baseline: values(one.baseline)}];
}

function shown(value: string): string {
  return value === 'null' || value === '' ? '-' : value;
}

function fields(value: Json | undefined): Fields | undefined {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value);
  return object ? (value as Fields) : undefined;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]).slice(0, 20) : [];
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

/** Not negative, and 0 for what is no number. */
function number(value: Json | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}
