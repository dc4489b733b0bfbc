import type {Operation} from './operations.ts';

/** One run of somebody's credentials: what stays the same from call to call. */
export interface Session {
  /** `userIdentity`, shared by all records of the session; undefined where AWS gives none. */
  readonly identity: object;
  /** ARN as error messages print it. */
  readonly arn: string;
  /** Account the identity belongs to; '' for a service. */
  readonly account: string;
  readonly address: string;
  readonly userAgent: string;
  /** The calls come with `tlsDetails`. */
  readonly tls: boolean;
  /** In the web console: the user agent changes with the service. */
  readonly console: boolean;
  readonly vpcEndpoint?: string | undefined;
}

/** What a call is in an attack: the ground truth of its record. */
export interface Label {
  readonly campaign: string;
  readonly scenario: string;
  /** Neither attack nor ordinary: to be left out of any evaluation. */
  readonly ignore?: true;
}

/** A call before it becomes a record: small, so that a day of them fits in memory. */
export interface Call {
  /** Epoch milliseconds. */
  time: number;
  readonly session: Session;
  readonly operation: Operation;
  /** Account in which it happens. */
  readonly account: string;
  readonly region: string;
  /** Name or id of what it acts on; '' for nothing in particular. */
  readonly resource: string;
  /** Error code, or ''. */
  readonly error: string;
  /** Replaces the usual `requestParameters` where given. */
  readonly request?: object | null | undefined;
  readonly response?: object | null | undefined;
  readonly additional?: object | undefined;
  readonly eventType?: string | undefined;
  /** An AWS service calls on behalf of the session. */
  readonly invokedBy?: string | undefined;
  /** Ties the records that two accounts get of the same call. */
  readonly sharedEventId?: string | undefined;
  readonly label?: Label | undefined;
}
