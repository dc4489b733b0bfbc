import type {DetectionInfo} from '../../api/detection-types.ts';
import {formatCount, formatDay} from '../report/format.ts';
import {usePreferences} from './preferences.ts';

type Props = {readonly detection: Pick<DetectionInfo, 'mode' | 'silentUntil' | 'days'>};

/** Whether anybody is told; of a silent one, what it would have told. */
export function ModeText({detection}: Props) {
  const {mode, silentUntil, days} = detection;
  const {zone} = usePreferences();
  if (mode === 'live') return <span>live</span>;
  if (mode === 'off') return <span className="muted">off</span>;
  const held = days.reduce((sum, {silent}) => sum + silent, 0);
  return (
    <span>
      <span className="badge">silent</span>
      {silentUntil !== null && <span className="muted"> until {formatDay(silentUntil, zone)}</span>}
      <span className="muted below">would have told {formatCount(held)} ×</span>
    </span>
  );
}
