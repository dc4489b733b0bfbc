import {component, NONE, type Texts} from './text.ts';

const AWS_SUFFIX = /\.(?:amazonaws\.com(?:\.cn)?|aws\.amazon\.com|amazon\.com|api\.aws|aws)$/;
const REGION_LABEL = /^(?:[a-z]{2,5}(?:-[a-z0-9]+)+-\d{1,2}[a-z]?|global)$/;

/**
 * The service's short name: "ec2.amazonaws.com" is "ec2", with or without the suffix, the
 * partition's ending or a region in between. "-" if absent.
 */
export function serviceOf(eventSource: string): string {
  const known = services.get(eventSource);
  if (known !== undefined) return known;
  const service = readService(eventSource);
  if (services.size >= 1_000) services.clear();
  services.set(eventSource, service);
  return service;
}

/** There are some hundred services, and every event has one. */
const services = new Map<string, string>();

function readService(eventSource: string): string {
  const host = eventSource.trim().toLowerCase();
  const stem = host.replace(AWS_SUFFIX, '');
  const labels = stem.split('.').filter((label) => !REGION_LABEL.test(label));
  return component(labels.join('.') || stem, 100);
}

export interface Operation {
  readonly service: string;
  /** "ec2:CreateSnapshot"; "insight:ApiCallRateInsight" for a record of CloudTrail Insights. */
  readonly operation: string;
}

/** Reads `eventSource`, `eventName`, `eventType`, `eventCategory`, `insightType`. */
export function operationOf(texts: Texts): Operation {
  const {eventSource = '', eventName = '', eventType, eventCategory, insightType = ''} = texts;
  // An Insight record is about another call, and has no source and name of its own.
  if (eventType === 'AwsCloudTrailInsight' || eventCategory === 'Insight' || insightType !== '') {
    return {service: 'insight', operation: `insight:${component(insightType, 100)}`};
  }
  const service = serviceOf(eventSource);
  const name = component(eventName.trim(), 128);
  return {service, operation: service === NONE && name === NONE ? NONE : `${service}:${name}`};
}
