import type {Json} from '../json.ts';

/** One condition of an advanced event selector, as GetEventSelectors gives it. */
export interface FieldSelector {
  readonly Field?: string;
  readonly Equals?: readonly string[];
  readonly StartsWith?: readonly string[];
  readonly EndsWith?: readonly string[];
  readonly NotEquals?: readonly string[];
  readonly NotStartsWith?: readonly string[];
  readonly NotEndsWith?: readonly string[];
}

export interface AdvancedSelector {
  readonly Name?: string;
  readonly FieldSelectors?: readonly FieldSelector[];
}

/** A selector of the older form. */
export interface BasicSelector {
  readonly ReadWriteType?: string;
  readonly IncludeManagementEvents?: boolean;
  readonly ExcludeManagementEventSources?: readonly string[];
  readonly DataResources?: readonly {readonly Type?: string; readonly Values?: readonly string[]}[];
}

/** What a trail logs. */
export interface TrailSelectors {
  readonly name: string;
  readonly advanced: readonly AdvancedSelector[];
  readonly basic: readonly BasicSelector[];
  /** In every region; else in `region` alone. */
  readonly multiRegion: boolean;
  readonly region: string;
  /** Calls of IAM and STS are logged, which are of no region. */
  readonly globalServices: boolean;
  /** False: the trail is switched off. */
  readonly logging: boolean;
}

/** A call that is asked about. */
export interface Probe {
  readonly source: string;
  readonly name: string;
  readonly readOnly: boolean;
  /** Type and ARN of the resource of a data event; undefined for a management event. */
  readonly data?: {readonly type: string; readonly arn: string};
}

/** Whether the selectors take in a call. */
export function selects({advanced, basic}: TrailSelectors, probe: Probe): boolean {
  if (advanced.length > 0) return advanced.some((each) => advancedSelects(each, probe));
  return basic.some((each) => basicSelects(each, probe));
}

function advancedSelects({FieldSelectors = []}: AdvancedSelector, probe: Probe): boolean {
  const {source, name, readOnly, data} = probe;
  const values: Readonly<Record<string, string | undefined>> = {
    eventCategory: data === undefined ? 'Management' : 'Data',
    eventSource: source,
    eventName: name,
    readOnly: String(readOnly),
    'resources.type': data?.type,
    'resources.ARN': data?.arn,
    eventType: 'AwsApiCall',
  };
  return (
    FieldSelectors.length > 0 &&
    FieldSelectors.every((each) => fieldSelects(each, values[each.Field ?? '']))
  );
}

/** A field that the call does not have, or that is not known beforehand, cannot be selected by. */
function fieldSelects(selector: FieldSelector, value: string | undefined): boolean {
  const {Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith} = selector;
  if (value === undefined) {
    return (Equals ?? StartsWith ?? EndsWith) === undefined;
  }
  const any = (list: readonly string[] | undefined, test: (text: string) => boolean) =>
    list === undefined || list.length === 0 || list.some(test);
  const none = (list: readonly string[] | undefined, test: (text: string) => boolean) =>
    list === undefined || !list.some(test);
  return (
    any(Equals, (text) => value === text) &&
    any(StartsWith, (text) => value.startsWith(text)) &&
    any(EndsWith, (text) => value.endsWith(text)) &&
    none(NotEquals, (text) => value === text) &&
    none(NotStartsWith, (text) => value.startsWith(text)) &&
    none(NotEndsWith, (text) => value.endsWith(text))
  );
}

function basicSelects(selector: BasicSelector, {source, readOnly, data}: Probe): boolean {
  const {
    ReadWriteType = 'All',
    IncludeManagementEvents = true,
    ExcludeManagementEventSources = [],
    DataResources = [],
  } = selector;
  if (ReadWriteType === 'ReadOnly' && !readOnly) return false;
  if (ReadWriteType === 'WriteOnly' && readOnly) return false;
  if (data === undefined) {
    return IncludeManagementEvents && !ExcludeManagementEventSources.includes(source);
  }
  return DataResources.some(
    ({Type, Values = []}) =>
      // A value is an ARN or the beginning of one: "arn:aws:s3" stands for all buckets.
      Type === data.type && Values.some((value) => data.arn.startsWith(value)),
  );
}

/** The selector as it is given to AWS. */
export function selectorJson(selectors: readonly AdvancedSelector[]): string {
  return JSON.stringify(selectors as unknown as Json, null, 2);
}
