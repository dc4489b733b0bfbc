import {writeFile} from 'node:fs/promises';
import type {Command} from 'commander';
import type {SigmaFile, SigmaOutcome} from '../app/sigma.ts';
import {AppError, messageOf} from '../base/errors.ts';
import {type Output, plain} from './output.ts';
import {count} from './progress.ts';
import {table} from './table.ts';

export interface ImportSigmaOptions {
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

type Start = (
  options: {quiet?: boolean},
  run: (output: Output) => Promise<number>,
) => Promise<void>;

/** Adds `import sigma` to the commands of detections. */
export function addImportSigma(detections: Command, start: Start): void {
  detections
    .command('import')
    .description('make detections of rules in another language')
    .addHelpText(
      'after',
      '\n  oddtrail detections import sigma PATH… [--out FILE] [--dry-run] [--strict]',
    )
    .command('sigma')
    .argument('<path...>', 'files or folders of Sigma rules (.yml, .yaml)')
    .description('make detections of Sigma rules for AWS CloudTrail, which run as they are')
    .option('--out <file>', 'the file to write (default: standard output)')
    .option('--dry-run', 'only tell what would become of each rule')
    .option('--strict', 'exit with 1 if a rule for CloudTrail cannot be run')
    .option('-q, --quiet', 'no progress and no notes')
    .addHelpText(
      'after',
      `
What became of each rule is told on standard error, with the place of what cannot be run; with
--dry-run on standard output.`,
    )
    .action((paths: string[], options: ImportSigmaOptions) =>
      start({quiet: options.quiet === true}, (output) =>
        importSigmaCommand(paths, options, output),
      ),
    );
}

export async function importSigmaCommand(
  paths: readonly string[],
  options: ImportSigmaOptions,
  output: Output,
): Promise<number> {
  // Loaded on use, being much code.
  const {convertSigma, problemText} = await import('../app/sigma.ts');
  const converted = convertSigma(paths);
  const tell: Tell = (problem) => problemText(problem, [...converted.files]);
  const report = reportOf(converted, tell, output);
  if (options.dryRun === true) await output.write(report);
  else {
    output.note(report.trimEnd());
    if (options.out === undefined) await output.write(converted.text);
    else await writeNew(options.out, converted.text, output);
  }
  const cannot = converted.outcomes.some(({became}) => became === 'cannot');
  return options.strict === true && cannot ? 1 : 0;
}

async function writeNew(path: string, text: string, output: Output): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const why = messageOf(cause);
    throw new AppError('output_unwritable', `Cannot write "${path}": ${why}`, {cause});
  }
  output.note(`wrote ${path}; check it with: oddtrail detections test ${path}`);
}

const WORDS: Readonly<Record<SigmaOutcome['became'], string>> = {
  runs: 'runs',
  part: 'part of a correlation',
  other: 'not for CloudTrail',
  cannot: 'cannot run',
};

type Tell = (problem: SigmaOutcome['problems'][number]) => string;

function reportOf({outcomes}: SigmaFile, tell: Tell, output: Output): string {
  const told = outcomes.filter(({became}) => became !== 'other');
  const rows = told.map(({file, line, title, id, became}) => [
    `${file}:${line}`,
    WORDS[became],
    id === '' ? title : id,
  ]);
  const columns = [
    {title: 'rule'},
    {title: 'it'},
    {title: 'detection or title', flexible: true},
  ] as const;
  const parts = rows.length === 0 ? [] : [table(columns, rows, output.columns)];
  for (const {problems, warnings} of told) {
    const lines = [
      ...problems.map(tell),
      ...warnings.map((each) => `${output.style('yellow', 'warning')}  ${tell(each)}`),
    ];
    parts.push(...lines.map((text) => `${text.split('\n').map(plain).join('\n')}\n`));
  }
  const number = (became: SigmaOutcome['became']) =>
    count(outcomes.filter((each) => each.became === became).length);
  parts.push(
    `${count(outcomes.length)} rules: ${number('runs')} run, ${number('part')} as parts of ` +
      `correlations, ${number('cannot')} cannot, ${number('other')} are not for CloudTrail\n`,
  );
  return parts.join('');
}
