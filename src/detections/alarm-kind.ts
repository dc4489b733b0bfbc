import {z} from 'zod';
import {duration, durationMs, durationText} from '../config/duration.ts';
import {Alarm} from './alarm/alarm.ts';
import {type AlarmSettings, COMPARISON_NAMES, checkAlarm} from './alarm/settings.ts';
import type {KindPart} from './kind.ts';
import {compileFilter} from './pattern/filter.ts';

const DAY = 86_400_000;

const schema = z.strictObject({
  pattern: z.string().min(1).describe('The metric filter: events that add to the metric.'),
  metric: z
    .strictObject({
      name: z.string().min(1).max(255),
      namespace: z.string().min(1).max(255).default('Oddtrail'),
      value: z
        .union([z.number(), z.string().startsWith('$')])
        .default(1)
        .describe('For each event: a number, or the field that holds it.'),
      default: z.number().optional().describe('For minutes in which events came and none matched.'),
      unit: z.string().min(1).optional().describe('Shown, never converted.'),
      dimensions: z
        .record(z.string().min(1).max(255), z.string().min(1))
        .optional()
        .describe('Name and field of each, three at most; a series for each combination.'),
    })
    .describe('What the filter counts.'),
  statistic: z
    .string()
    .default('Sum')
    .describe('`SampleCount`, `Sum`, `Average`, `Minimum`, `Maximum` or a percentile as `p99`.'),
  period: duration(10_000, DAY).default('5m'),
  evaluation_periods: z.number().int().min(1).default(1).describe('The newest that decide.'),
  datapoints_to_alarm: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('How many of them must breach. Default: all.'),
  threshold: z.number(),
  comparison: z.enum(COMPARISON_NAMES as [string, ...string[]]).default('>='),
  missing_data: z
    .enum(['missing', 'ignore', 'breaching', 'notBreaching'])
    .default('missing')
    .describe('What a period without data counts as.'),
});

type Spec = z.output<typeof schema>;

/** `alarm: {…}`: a CloudWatch alarm on a metric filter; a hit on each change to ALARM. */
export const alarmKind: KindPart<Spec> = {
  schema,
  build(when, {groupBy = [], test = false}) {
    const spec = when.alarm as Spec;
    const {metric} = spec;
    const settings: AlarmSettings = {
      metric: metric as AlarmSettings['metric'],
      statistic: spec.statistic,
      periodMs: durationMs(spec.period),
      evaluationPeriods: spec.evaluation_periods,
      datapointsToAlarm: spec.datapoints_to_alarm ?? spec.evaluation_periods,
      threshold: spec.threshold,
      comparison: spec.comparison as AlarmSettings['comparison'],
      missingData: spec.missing_data,
    };
    const given = metric as AlarmSettings['metric'];
    const {value, dimensions} = given;
    const problems = checkAlarm(settings);
    const compiled = compileFilter(
      spec.pattern,
      // What `checkAlarm` finds wrong is not told a second time.
      problems.some(({path}) => path[0] === 'metric')
        ? undefined
        : {value, ...(dimensions !== undefined && {dimensions})},
    );
    const faults = [
      ...(compiled.ok
        ? []
        : compiled.problems.map((problem) => ({
            path: [
              'alarm',
              ...('setting' in problem ? ['metric', ...problem.setting] : ['pattern']),
            ],
            index: problem.index,
            message: problem.message,
          }))),
      ...problems.map((problem) => ({...problem, path: ['alarm', ...problem.path]})),
      ...(groupBy.length === 0
        ? []
        : [{path: ['group_by'], message: 'An alarm has `metric.dimensions` instead'}]),
    ];
    if (faults.length > 0 || !compiled.ok) return {ok: false, faults};
    const {filter} = compiled;
    const only = {
      needs: filter.needs,
      matches: filter.matches,
      dimensions: filter.dimensions,
      // A number is known without the event, which is what lets a hit be told at once.
      ...(typeof value === 'string' && {value: filter.value}),
    };
    const make = () => new Alarm(settings, only, test ? {latenessMs: 0} : {});
    const {evaluationPeriods, datapointsToAlarm} = settings;
    return {
      ok: true,
      evaluator: make,
      needs: make().needs,
      condition: [
        filter.text,
        `${spec.statistic} of ${String(metric.value)} over ${durationText(settings.periodMs)}` +
          ` ${spec.comparison} ${spec.threshold}`,
        `in ${datapointsToAlarm} of ${evaluationPeriods} periods; ` +
          `a period without data is ${spec.missing_data}`,
      ].join('\n'),
      groupBy,
      facts: ALARM_FACTS,
      warnings: filter.warnings.map(({span, message}) => ({
        path: ['alarm', 'pattern'],
        index: span.start,
        message,
      })),
    };
  },
};

const ALARM_FACTS = ['metric', 'threshold', 'value', 'reason', 'drill'];
