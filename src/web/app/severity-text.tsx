import type {DetectionInfo} from '../../api/detection-types.ts';

type Severity = DetectionInfo['severity'];

export const SEVERITIES: readonly Severity[] = [
  'informational',
  'low',
  'medium',
  'high',
  'critical',
];

/** How bad a match is: by weight and shape as well as by colour. */
export function SeverityText({severity}: {readonly severity: Severity}) {
  return <span className={`severity ${severity}`}>{severity}</span>;
}

/** Compares by severity, the worst first. */
export function bySeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(b) - SEVERITIES.indexOf(a);
}
