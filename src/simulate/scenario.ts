import type {Random} from '../base/random.ts';
import type {Call, Label, Session} from './call.ts';
import {hex, publicAddress} from './draw.ts';
import {deniedCode} from './errors.ts';
import {operation} from './operations.ts';
import {usualResource} from './resources.ts';
import * as userAgents from './user-agents.ts';
import type {World} from './world.ts';

/** One attack: writes its calls through `context.stage` and returns nothing. */
export type Scenario = (context: ScenarioContext) => void;

interface Step {
  readonly resource?: string;
  readonly error?: string;
  readonly request?: object | null;
  readonly response?: object | null;
  readonly region?: string;
  readonly account?: string;
  readonly ignore?: true;
  /** Milliseconds since the step before; some seconds by default. */
  readonly after?: number;
  readonly additional?: object;
  readonly eventType?: string;
}

/** Where an attack takes place: the world, its moment, and the pen that writes its calls. */
export class ScenarioContext {
  readonly world: World;
  readonly random: Random;
  readonly campaign: string;
  readonly scenario: string;
  /** First midnight of the campaign's day. */
  readonly day: number;
  /** Moment of the next call. */
  time: number;
  /** Network and tools of the attacker: other ones in each campaign. */
  readonly address: string;
  readonly cli: string;
  readonly script: string;
  readonly outsideAccount: string;
  readonly #calls: Call[];

  constructor(options: {
    world: World;
    random: Random;
    campaign: string;
    scenario: string;
    day: number;
    calls: Call[];
  }) {
    const {world, random, campaign, scenario, day, calls} = options;
    this.world = world;
    this.random = random;
    this.campaign = campaign;
    this.scenario = scenario;
    this.day = day;
    this.time = day + random.below(86_000_000);
    this.address = publicAddress(random);
    this.cli = random.chance(0.3)
      ? `aws-cli/2.${random.between(4, 17)}.${random.between(0, 20)} Python/3.11.8 Linux/6.6.9-amd64 exe/x86_64.kali.2024`
      : userAgents.cliAgent(random);
    this.script = random.chance(0.6)
      ? `Boto3/1.${random.between(26, 38)}.${random.between(0, 99)} Python/3.${random.between(9, 12)}.2 Linux/6.1.0-kali9-amd64 Botocore/1.29.${random.between(0, 99)}`
      : random.pick([
          'aws-sdk-go/1.44.298 (go1.20.7; linux; amd64)',
          'python-requests/2.31.0',
          'aws-sdk-go-v2/1.24.0 os/linux lang/go#1.21.5 md/GOOS#linux md/GOARCH#amd64',
          'S3 Browser/11.6.7 (https://s3browser.com)',
          'aws-sdk-rust/1.2.0 os/linux lang/rust/1.75.0',
        ]);
    this.outsideAccount = `${random.between(100_000, 999_999)}${hex(random, 12).replace(/\D/g, '').padEnd(6, '4').slice(0, 6)}`;
    this.#calls = calls;
  }

  get label(): Label {
    return {campaign: this.campaign, scenario: this.scenario};
  }

  /** Moves to this hour (UTC, fractions allowed) of the campaign's day plus `days`. */
  at(hour: number, days = 0): void {
    this.time = this.day + days * 86_400_000 + hour * 3_600_000;
  }

  wait(minutes: number): void {
    this.time += minutes * 60_000 * (0.5 + this.random.next());
  }

  /** Writes one call, some seconds after the one before. */
  call(session: Session, key: string, step: Step = {}): void {
    const op = operation(key);
    const {random, world} = this;
    this.time += step.after ?? 800 + random.exponential(9000);
    const account = step.account ?? session.account;
    const app = world.org.apps.find((one) => one.account === account) ?? world.org.apps[0];
    const resource =
      step.resource ??
      (app === undefined || op.kind === '' || op.kind === 'assume'
        ? ''
        : usualResource(random, app, op.kind));
    this.#calls.push({
      time: this.time,
      session,
      operation: op,
      account,
      region: step.region ?? app?.region ?? 'eu-west-1',
      resource,
      error: step.error === 'denied' ? deniedCode(op) : (step.error ?? ''),
      request: step.request,
      response: step.response,
      additional: step.additional,
      eventType: step.eventType,
      label: step.ignore ? {...this.label, ignore: true} : this.label,
    });
  }

  /** Adds calls that are neither attack nor labelled. */
  benign(write: (calls: Call[]) => void): void {
    write(this.#calls);
  }
}
