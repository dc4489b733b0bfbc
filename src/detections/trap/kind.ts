import {compileGroup} from '../condition/selector.ts';
import type {Detection} from '../detection.ts';
import type {KindPart, Remark} from '../kind.ts';
import {type DeclaredTrap, decoyText, type Trap, trapOf, trapSchema} from './decoy.ts';
import {
  allowText,
  exclusionsOfTrap,
  needsOfTrap,
  TRAP_FACTS,
  TRAP_TITLE,
  TrapEvaluator,
} from './trap.ts';

/** `trap: {…}`: a decoy; each event that touches it is a hit. */
export const trapKind: KindPart<DeclaredTrap> = {
  schema: trapSchema as unknown as KindPart<DeclaredTrap>['schema'],
  build(when, {groupBy = ['principal'], parameters}) {
    const trap = trapOf(when.trap as DeclaredTrap);
    const allowed = exclusionsOfTrap(trap, parameters);
    if (!allowed.ok) {
      const faults = allowed.faults.map(({at, index, message}) => ({
        path: ['trap', 'allow', at, 'condition'],
        index,
        message,
      }));
      return {ok: false, faults};
    }
    const group = compileGroup(groupBy);
    if (group.faults.length > 0) {
      const faults = group.faults.map(({at, index, message}) => ({
        path: ['group_by', at],
        index,
        message,
      }));
      return {ok: false, faults};
    }
    return {
      ok: true,
      title: TRAP_TITLE,
      severity: 'critical',
      facts: TRAP_FACTS,
      evaluator: () => new TrapEvaluator(trap, group.selectors),
      needs: needsOfTrap(trap),
      condition: trapText(trap),
      groupBy,
      exclusions: allowed.exclusions,
      warnings: warningsOf(trap),
    };
  },
};

/** The trap that a detection is; undefined if it is another kind. */
export function trapOfDetection(
  detection: Pick<Detection, 'kind' | 'evaluator'>,
): Trap | undefined {
  if (detection.kind !== 'trap') return undefined;
  const evaluator = detection.evaluator();
  return evaluator instanceof TrapEvaluator ? evaluator.trap : undefined;
}

function trapText(trap: Trap): string {
  const {accounts, allow} = trap;
  return [
    `whoever touches ${decoyText(trap.decoy)}${accounts.length > 0 ? ` in ${accounts.join(', ')}` : ''}`,
    ...allow.map((each) => `  but ${allowText(each)} (${each.owner}: ${each.reason})`),
  ].join('\n');
}

function warningsOf({decoy, allow}: Trap): Remark[] {
  const warnings: Remark[] = [];
  allow.forEach(({user_agent, principal}, at) => {
    if (user_agent !== undefined) {
      const message = 'Whoever writes this user agent may touch the decoy: it can be forged';
      warnings.push({path: ['trap', 'allow', at, 'user_agent'], message});
    }
    if (principal !== undefined && /^\**$/.test(principal)) {
      warnings.push({path: ['trap', 'allow', at, 'principal'], message: 'It allows everybody'});
    }
  });
  if (decoy.kind === 'bucket' && /[A-Z]/.test(decoy.name)) {
    const message = 'New buckets have lower-case names; the two match each other all the same';
    warnings.push({path: ['trap', 'bucket'], message});
  }
  return warnings;
}
