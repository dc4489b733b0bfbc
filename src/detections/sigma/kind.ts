import {z} from 'zod';
import type {KindPart} from '../kind.ts';
import {compileSigma, type SigmaRule} from './compile.ts';

const detection = z
  .record(z.string(), z.json())
  .describe('The searches and the condition of the rule, as Sigma writes them.');

const correlation = z
  .record(z.string(), z.json())
  .describe('A Sigma correlation: its type, rules, group-by, timespan, condition.');

const part = z.strictObject({
  name: z.string().max(200).optional(),
  id: z.string().max(200).optional(),
  detection: detection.optional(),
  correlation: correlation.optional(),
});

const schema = z
  .strictObject({
    id: z.string().max(200).optional().describe('Of the rule it was made of.'),
    detection: detection.optional(),
    correlation: correlation.optional(),
    rules: z.array(part).max(1000).optional().describe('Rules that the correlation refers to.'),
  })
  .refine((given) => (given.detection === undefined) !== (given.correlation === undefined), {
    message: 'Exactly one of detection, correlation is wanted',
  });

/** `sigma: {detection: {…}}` or `{correlation: {…}, rules: […]}`: a Sigma rule, run as it is. */
export const sigmaKind: KindPart<z.output<typeof schema>> = {
  schema,
  build(when, {groupBy, parameters, test}) {
    // The schema of a `when` has been passed.
    const rule = when.sigma as SigmaRule;
    const compiled = compileSigma(rule, {groupBy, parameters, late: test !== true});
    const remark = ({path, index, message}: (typeof compiled & {ok: false})['faults'][number]) => ({
      path: path[0] === 'group_by' ? path : ['sigma', ...path],
      message,
      ...(index !== undefined && {index}),
    });
    if (!compiled.ok) return {ok: false, faults: compiled.faults.map(remark)};
    return {...compiled, warnings: compiled.warnings.map(remark)};
  },
};
