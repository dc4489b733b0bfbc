import {readFileSync} from 'node:fs';
import {Command, CommanderError, Option} from 'commander';
import {InputFault} from '../app/input-fault.ts';
import {AppError} from '../base/errors.ts';
import {demo} from './demo.ts';
import {evaluateCommand} from './evaluate.ts';
import {explainCommand} from './explain.ts';
import {addImportSigma} from './import-sigma.ts';
import {inspectCommand} from './inspect.ts';
import {
  collect,
  collectNames,
  parseCount,
  parseDay,
  parseMoment,
  parsePort,
  parsePositive,
  parseScore,
  parseWorkers,
} from './options.ts';
import {createOutput, type Output} from './output.ts';
import {reportCommand} from './report.ts';
import {scenarioNames} from './scenarios.ts';
import {scoreCommand} from './score.ts';
import {simulateCommand} from './simulate.ts';

/** Exit codes; `docs/errors.md` describes them. */
export const EXIT = {done: 0, found: 1, input: 2, world: 3, interrupted: 130} as const;

/** Runs one command line and gives its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  let graceful = false;
  let output: Output = createOutput({quiet: false});
  const abort = new AbortController();
  const onSignal = () => {
    // A second Ctrl-C ends at once; the model file is replaced as a whole, so that is safe too.
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
    output.warn('Stopping: saving what there is; press Ctrl-C again to leave at once');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  const program = buildProgram(async (options, run, kind) => {
    output = createOutput({quiet: options.quiet === true});
    graceful = kind === 'service';
    code = await run(output, abort.signal);
  });
  try {
    await program.parseAsync([...args], {from: 'user'});
    const interrupted = abort.signal.aborted && code === EXIT.done && !graceful;
    return interrupted ? EXIT.interrupted : code;
  } catch (error) {
    const stopped = graceful && error instanceof AppError && error.code === 'interrupted';
    return stopped ? EXIT.done : exitCodeOf(error, output);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function exitCodeOf(error: unknown, output: Output): number {
  // Commander has already said what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.input;
  if (error instanceof InputFault) {
    output.warn(error.message);
    return EXIT.input;
  }
  if (error instanceof AppError) {
    output.warn(`${error.message} [${error.code}]`);
    if (error.code === 'usage') return EXIT.input;
    return error.code === 'interrupted' ? EXIT.interrupted : EXIT.world;
  }
  throw error;
}

type Run = (output: Output, signal: AbortSignal) => Promise<number>;
/** A service that was told to end, and did, has done what it should. */
type Start = (options: {quiet?: boolean}, run: Run, kind?: 'service') => Promise<void>;

function buildProgram(start: Start): Command {
  const program = new Command('oddtrail')
    .description(
      'Finds stolen credentials, data theft and other unwanted behaviour in AWS\n' +
        'CloudTrail: learns what each identity normally does, scores every event for\n' +
        'novelty in [0, 1], and says why.',
    )
    .version(version())
    .exitOverride()
    .showHelpAfterError('(oddtrail --help, or oddtrail help COMMAND, tells more)')
    .addHelpText(
      'after',
      `
Examples:
  oddtrail demo                                   a simulated trail, scored, and a report
  oddtrail score logs/                            the most novel events of a folder
  oddtrail score AWSLogs/ --model m.odt           learn, score, and remember for next time
  oddtrail score today/ --learn-from last-month/  a baseline first
  oddtrail score old-logs/ --retrospective        a first run on old logs
  oddtrail score AWSLogs/ --format jsonl | jq     every event, one line each

A score of 0.95 is met by 1 event in 400, 0.99 by 1 in 10 000, 0.999 by 1 in a million.`,
    );

  const reading = (command: Command) =>
    command
      .argument('<path...>', 'log files, folders or globs; "-" is standard input')
      .option('--contexts <file>', 'contexts to watch (default: the shipped CloudTrail set)')
      .option(
        '--since <time>',
        'leave out events before: 2026-01-31[T12:00Z], or an age: 90d',
        parseMoment,
      )
      .option('--until <time>', 'leave out events from then on', parseMoment)
      .option('--workers <n>', 'threads that inflate and scan; 0 uses the main one', parseWorkers)
      .option('--rejects <file>', 'write what was set aside, with its place, as JSON lines')
      .option('--asn <file>', 'CSV of networks and their AS numbers (cidr,asn)')
      .option(
        '--time-zone <zone>',
        'of hours and working days (default: UTC, or as the contexts say)',
      )
      .addOption(
        new Option('--scanner <kind>', 'fast, or reference (plain JSON.parse)')
          .choices(['fast', 'reference'])
          .default('fast')
          .hideHelp(),
      )
      .option('-q, --quiet', 'no progress and no notes');
  const learning = (command: Command) =>
    command
      .option(
        '--model <file>',
        'load the model from here if it exists, and save it here at the end',
      )
      .option('--no-learn', 'score by the model as it is; change and save nothing')
      .option('--learn-from <path...>', 'learn these first, without scoring', collect)
      .option('--retrospective', 'learn everything, then score each event by all but itself');

  learning(reading(program.command('score')))
    .description('score every event, and print the most novel')
    .option('--format <format>', 'table, jsonl (every event) or csv (every event)', 'table')
    .option('--top <n>', 'how many rows of the table', parsePositive, 20)
    .option('--min-score <x>', 'leave out lower scores', parseScore)
    .option('--fail-over <x>', 'exit with 1 if an event scores higher than this', parseScore)
    .addHelpText(
      'after',
      `
One line of --format jsonl:
  {"eventId","eventTime","account","principal","operation","score","bits":{facet:number},
   "mostNovel":{"facet","value","bits"},"reason","source":{"file","index"}}

Files are read as one trail: in order of delivery, events in order of time, duplicates once.`,
    )
    .action((paths: string[], options) =>
      start(options, (output, signal) => scoreCommand(paths, options, output, signal)),
    );

  reading(program.command('explain').argument('<eventId>', 'as printed by score --format jsonl'))
    .description('tell everything about one event, including the record')
    .option('--model <file>', 'model to judge by (default: learn the paths first)')
    .option('--format <format>', 'text or json', 'text')
    .action((eventId: string, paths: string[], options) =>
      start(options, (output, signal) => explainCommand(eventId, paths, options, output, signal)),
    );

  program
    .command('simulate')
    .description("write a believable organisation's trail, with its attacks told in truth.jsonl")
    .requiredOption('--out <dir>', 'folder to write to')
    .option('--seed <n>', 'same seed, same trail', parseCount, 1)
    .option('--days <n>', 'days of activity', parsePositive, 14)
    .option('--start <date>', 'first day, a Monday for choice', parseDay, '2026-01-05')
    .option('--events-per-day <n>', 'about so many events a day', parsePositive, 15_000)
    .option(
      '--scenario <name...>',
      'attacks to plant; "all", "none" or names (see below)',
      collectNames,
    )
    .option('--record-bytes <n>', 'mean size of a record', parsePositive)
    .option('-q, --quiet', 'no progress and no notes')
    .addHelpText('after', () => `\nScenarios: ${scenarioNames().join(', ')}`)
    .action((options) =>
      start(options, (output, signal) => simulateCommand(options, output, signal)),
    );

  learning(reading(program.command('report')))
    .description('write one self-contained HTML page: plot, top events, principals')
    .requiredOption('--out <file>', 'the page to write')
    .option('--title <text>', 'heading of the page')
    .option('--top <n>', 'events to explain in full', parsePositive, 100)
    .action((paths: string[], options) =>
      start(options, (output, signal) => reportCommand(paths, options, output, signal)),
    );

  learning(reading(program.command('evaluate')))
    .description('hold the scores against a truth file')
    .requiredOption(
      '--truth <file>',
      'JSON lines: {"eventId","campaign","scenario"} or "ignore":true',
    )
    .option('--format <format>', 'table or json', 'table')
    .option('--judge-from <time>', 'judge only from then on; what is before warms up', parseMoment)
    .action((paths: string[], options) =>
      start(options, (output, signal) => evaluateCommand(paths, options, output, signal)),
    );

  program
    .command('inspect')
    .description('tell what a model holds to be normal for a principal')
    .argument('<principal>', 'as printed by score; a part of it will do if it is unique')
    .requiredOption('--model <file>', 'the model')
    .option('--top <n>', 'values per facet', parsePositive, 8)
    .option('--format <format>', 'text or json', 'text')
    .action((principal: string, options) =>
      start(options, (output) => inspectCommand(principal, options, output)),
    );

  program
    .command('demo')
    .description('simulate a trail, score it, print what is novel and write a report')
    .option('--out <dir>', 'folder for the trail and the report', 'demo')
    .option('--seed <n>', 'same seed, same trail', parseCount, 1)
    .option('--days <n>', 'days of activity', parsePositive, 12)
    .option(
      '--events-per-day <n>',
      'about so many events a day (default: 8000, with --serve 5000)',
      parsePositive,
    )
    .option(
      '--serve',
      'run the service over it: the last day comes live, to be watched in a browser',
    )
    .option('--port <n>', 'with --serve: of the pages, or the next that is free', parsePort, 7433)
    .option('--haste <n>', 'with --serve: so many times faster', parsePositive, 1)
    .option('--until-done', 'with --serve: end once the story is told')
    .option('-q, --quiet', 'no progress and no notes')
    .action((options) =>
      options.serve === true
        ? start(
            options,
            async (output, signal) =>
              (await import('./demo-serve.ts')).demoServe(
                {eventsPerDay: 5_000, ...options},
                version(),
                output,
                signal,
              ),
            'service',
          )
        : start(options, (output, signal) =>
            demo({eventsPerDay: 8_000, ...options}, output, signal),
          ),
    );

  addDetectionCommands(program, start, learning, reading);
  addTrapCommands(program, start);
  addServiceCommands(program, start);
  return program;
}

/** Commands of traps; loaded on use. */
function addTrapCommands(program: Command, start: Start): void {
  const traps = program
    .command('traps')
    .description('decoys that nobody has a reason to touch: list, check, drill, lay out')
    .addHelpText(
      'after',
      `
NAME is a file, a folder, or a shipped pack; without one the pack "traps" is taken.

Examples:
  oddtrail traps check --trail main                 whether the trail would log each trap
  oddtrail traps check --evidence AWSLogs/          the same, by what files of it show
  oddtrail traps drill trap-canary-role -c o.yml    touch it for practice, follow the alert
  oddtrail traps terraform --out decoys/            the decoys as Terraform`,
    );
  const named = (command: Command) =>
    command
      .argument('[name...]', 'files, folders or shipped packs (default: the pack "traps")')
      .option('-q, --quiet', 'no progress and no notes');
  const placed = (command: Command) =>
    command
      .option('--account <id>', 'account that the decoys are in, where the trap does not say')
      .option('--region <region>', 'region that they are in');
  const load = () => import('./traps.ts');

  named(traps.command('list'))
    .description('one line for each trap')
    .option('--format <format>', 'table or json', 'table')
    .action((names: string[], options) =>
      start(options, async (output) => (await load()).trapsListCommand(names, options, output)),
    );
  placed(named(traps.command('check')))
    .description('tell whether the trail would log a touch, and what it must be told')
    .option('--trail <name>', 'ask AWS what this trail is told to log')
    .option('--aws-region <region>', 'with --trail: where to ask')
    .option('--evidence <path...>', 'files or folders of the trail, to judge by', collect)
    .option('--format <format>', 'text or json', 'text')
    .addHelpText('after', '\nExits with 1 if touches of a trap that is on would not be logged.')
    .action((names: string[], options) =>
      start(options, async (output) => (await load()).trapsCheckCommand(names, options, output)),
    );
  placed(named(traps.command('drill').argument('<id>', 'of the trap')))
    .description('send the record of a touch to the running service, and follow the alert')
    .option('-c, --config <file>', 'configuration of the service')
    .option('--print', 'print the record, and send nothing')
    .option('--timeout <seconds>', 'how long to wait for the alert', parsePositive, 60)
    .addHelpText('after', '\nExits with 1 if the alert did not arrive.')
    .action((id: string, names: string[], options) =>
      start(options, async (output) =>
        (await load()).trapsDrillCommand(id, names, options, version(), output),
      ),
    );
  named(traps.command('terraform'))
    .description('write the decoys as Terraform, with what the trail must log')
    .option('--out <dir>', 'folder to write to (default: print)')
    .option('--all', 'also traps that are off')
    .action((names: string[], options) =>
      start(options, async (output) =>
        (await load()).trapsTerraformCommand(names, options, output),
      ),
    );
}

/** Commands of declared detections; loaded on use. */
function addDetectionCommands(
  program: Command,
  start: Start,
  learning: (command: Command) => Command,
  reading: (command: Command) => Command,
): void {
  const detections = program
    .command('detections')
    .description('declared detections: check, test, list, explain, begin, and run over old logs')
    .addHelpText(
      'after',
      `
NAME is a file, a folder, or a shipped pack; without one all shipped packs are taken.

Examples:
  oddtrail detections test my-detections/            check files and run the tests in them
  oddtrail detections explain cis-4.3-root-usage     what it looks for, and what to do
  oddtrail detections new --kind pattern my-first    a commented file to start from
  oddtrail detections run AWSLogs/ --file mine.yml   what it would have found in old logs`,
    );
  const named = (command: Command) =>
    command
      .argument('[name...]', 'files, folders or shipped packs (default: all shipped packs)')
      .option('-q, --quiet', 'no progress and no notes');

  named(detections.command('test'))
    .description('check files of detections and run the tests in them')
    .option('--verbose', 'tell tests that pass as well')
    .option('--format <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      `
Exits with 1 if a test fails, with 2 if a file is wrong: then every problem is told with its place.`,
    )
    .action((names: string[], options) =>
      start(options, async (output) =>
        (await import('./detections.ts')).detectionsTestCommand(names, options, output),
      ),
    );
  named(detections.command('list'))
    .description('one line for each detection')
    .option('--format <format>', 'table or json', 'table')
    .action((names: string[], options) =>
      start(options, async (output) =>
        (await import('./detections.ts')).detectionsListCommand(names, options, output),
      ),
    );
  named(detections.command('explain').argument('<id>', 'of the detection'))
    .description('all there is to say of one detection')
    .option('--format <format>', 'text or json', 'text')
    .action((id: string, names: string[], options) =>
      start(options, async (output) =>
        (await import('./detections.ts')).detectionsExplainCommand(id, names, options, output),
      ),
    );
  detections
    .command('new')
    .argument('<id>', 'of the detection: lower-case letters, digits, "." and "-"')
    .description('write a commented file to start from; it passes its own tests')
    .requiredOption('--kind <kind>', 'pattern, condition, alarm, composite, trap or rate')
    .option('--out <file>', 'the file to write, "-" for standard output (default: ID.yml)')
    .option('-q, --quiet', 'no progress and no notes')
    .action((id: string, options) =>
      start(options, async (output) =>
        (await import('./detections.ts')).detectionsNewCommand(id, options, output),
      ),
    );
  addImportSigma(detections, start);
  learning(reading(detections.command('run')))
    .description('run detections over old logs, and print what they match')
    .option('--pack <name...>', 'shipped packs to run (default: all, unless --file)', collectNames)
    .option('--file <path...>', 'files or folders of detections to run', collect)
    .option('--min-severity <severity>', 'leave out what is less severe', 'informational')
    .option('--no-score', 'do not score: `score` is 0 and `bits` empty in conditions; faster')
    .option('--format <format>', 'table, jsonl or csv', 'table')
    .addHelpText(
      'after',
      `
Every detection but those that are off is run, silent ones as well: this is to see what they find.
The same logs and detections give the same matches. Exits with 0 whether something matched or not.`,
    )
    .action((paths: string[], options) =>
      start(options, async (output, signal) =>
        (await import('./detections-run.ts')).detectionsRunCommand(paths, options, output, signal),
      ),
    );
}

/** Commands of the service, which all take its configuration; loaded on use, being much code. */
function addServiceCommands(program: Command, start: Start): void {
  const configured = (command: Command) =>
    command
      .requiredOption('-c, --config <file>', 'the configuration')
      .option('-q, --quiet', 'no progress and no notes');

  program
    .command('init')
    .description('write a commented configuration of the service to start from')
    .option('--dir <dir>', 'folder to write it to', '.')
    .option('-q, --quiet', 'no progress and no notes')
    .action((options) =>
      start(options, async (output) => (await import('./init.ts')).initCommand(options, output)),
    );

  configured(program.command('check'))
    .description('report all that is wrong with a configuration')
    .option('--connect', 'also try sources, store and destinations; sends nothing')
    .action((options) =>
      start(options, async (output) => (await import('./check.ts')).checkCommand(options, output)),
    );

  configured(program.command('run'))
    .description('run the service: read, score, store, serve, alert')
    .addHelpText(
      'after',
      `
SIGHUP reads the configuration again; SIGTERM and Ctrl-C end it in order, a second one at once.`,
    )
    .action((options) =>
      start(
        options,
        async (output, signal) =>
          (await import('./run.ts')).runCommand(options, version(), output, signal),
        'service',
      ),
    );

  configured(program.command('backfill'))
    .description('learn what happened before, without alerts; then go on as `run` does')
    .requiredOption('--since <time>', 'how far back: 2026-01-31, or an age: 90d', parseMoment)
    .option('--until-done', 'end once all of it is learnt')
    .action((options) =>
      start(
        options,
        async (output, signal) =>
          (await import('./backfill.ts')).backfillCommand(options, version(), output, signal),
        'service',
      ),
    );

  const control = () => import('./control.ts');
  configured(program.command('reload'))
    .description('make the running service read its configuration again')
    .action((options) =>
      start(options, async (output) => (await control()).reloadCommand(options, output)),
    );

  const token = program.command('token').description('who may ask the API');
  configured(token.command('create'))
    .description('make a token; its secret is printed once')
    .requiredOption('--name <name>', 'whose it is, or what for')
    .option('--scope <scope>', 'read, write or admin', 'read')
    .option('--expires <age>', 'such as 90d, or never', '365d')
    .action((options) =>
      start(options, async (output) => (await control()).tokenCreateCommand(options, output)),
    );
  configured(token.command('list'))
    .description('the tokens there are')
    .action((options) =>
      start(options, async (output) => (await control()).tokenListCommand(options, output)),
    );
  configured(token.command('revoke').argument('<id>', 'as listed'))
    .description('end a token')
    .action((id: string, options) =>
      start(options, async (output) => (await control()).tokenRevokeCommand(id, options, output)),
    );

  const alerts = program.command('alerts').description('where alerts go');
  configured(alerts.command('test').argument('<name>', 'of a destination'))
    .description('send a sample')
    .action((name: string, options) =>
      start(options, async (output) => (await control()).alertsTestCommand(name, options, output)),
    );
  configured(alerts.command('replay').argument('[name]', 'of a destination; else all'))
    .description('try again what was given up')
    .action((name: string | undefined, options) =>
      start(options, async (output) =>
        (await control()).alertsReplayCommand(name, options, output),
      ),
    );
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as {version: string}).version;
}
