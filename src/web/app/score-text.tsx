import {scoreText} from '../../base/score-text.ts';
import {levelOf} from '../report/scale.ts';
import {useThresholds} from './session.ts';

/** A score, set off where it reaches a threshold: by weight and shape as well as by colour. */
export function ScoreText({score}: {readonly score: number}) {
  const level = levelOf(score, useThresholds());
  return <span className={`score ${level}`}>{scoreText(score)}</span>;
}
