import type {DetectionEvent} from '../event.ts';

/** Names of calls that read, for records that do not say. */
const READS =
  /^(?:Get|List|Describe|Head|Lookup|Search|Scan|Query|Select|View|Check|Test|Validate|Preview|Simulate|Estimate|Discover|Detect|BatchGet|BatchDescribe|Filter|Download|AssumeRole|Decrypt|Verify|GenerateDataKey)/;

/** Calls upon the data itself, for records that do not say. */
const DATA_CALLS: Readonly<Record<string, RegExp>> = {
  s3: /^(?:Get|Put|Head|Copy|Delete|Restore|Select|Post)Objects?(?:\b|Acl|Tagging|Content|Attributes|Torrent|Legal|Retention)|^(?:Create|Complete|Abort)MultipartUpload$|^UploadPart|^ListParts$/,
  lambda: /^Invoke(?:\b|Async|WithResponseStream|20150331)/,
  dynamodb:
    /^(?:Batch|Transact)?(?:Get|Put|Write|Update|Delete)Items?$|^Query$|^Scan$|^ExecuteStatement$|^(?:Batch|Transact)WriteItems?$|^BatchExecuteStatement$|^ExecuteTransaction$/,
  sns: /^Publish(?:Batch)?$/,
  sqs: /^(?:Send|Receive|Delete)Message(?:Batch)?$|^ChangeMessageVisibility(?:Batch)?$/,
};

/** What kind of call an event is: of its operation mostly, as the record says or the name tells. */
export interface CallKind {
  readonly write: boolean;
  readonly management: boolean;
}

/** Parses the record. */
export function callKindOf({record, components}: DetectionEvent): CallKind {
  const {operation, service} = components;
  const name = operation.slice(operation.indexOf(':') + 1);
  const readOnly = yes(record.readOnly);
  const management = yes(record.managementEvent);
  const category = record.eventCategory;
  return {
    write: readOnly === undefined ? !READS.test(name) : !readOnly,
    management:
      management ??
      (typeof category === 'string' && category !== ''
        ? category === 'Management'
        : !(DATA_CALLS[service]?.test(name) ?? false)),
  };
}

/** A boolean, or a text that is one. */
function yes(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
