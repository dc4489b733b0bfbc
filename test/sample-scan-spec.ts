import type {ScanField, ScanGroup, ScanSpec} from '../src/event/scan-spec.ts';

const PARAMETERS = [
  'bucketName',
  'key',
  'instanceId',
  'roleArn',
  'roleName',
  'roleSessionName',
  'userName',
  'groupName',
  'policyArn',
  'policyName',
  'policyDocument',
  'functionName',
  'secretId',
  'keyId',
  'name',
  'names',
  'imageId',
  'instanceType',
  'snapshotId',
  'volumeId',
  'attribute',
  'attributeType',
  'trailName',
  'topicArn',
  'queueUrl',
  'tableName',
  'dBInstanceIdentifier',
  'clusterName',
  'stackName',
  'logGroupName',
  'durationSeconds',
  'externalId',
  'accessKeyId',
  'serialNumber',
  'maxResults',
];

const text = (path: string): ScanField => ({name: path, path: path.split('.'), mode: 'text'});

const FIELDS: ScanField[] = [
  ...[
    'eventTime',
    'eventID',
    'eventSource',
    'eventName',
    'awsRegion',
    'sourceIPAddress',
    'userAgent',
    'errorCode',
    'recipientAccountId',
    'vpcEndpointId',
    'eventType',
    'eventCategory',
    'readOnly',
    'userIdentity.type',
    'userIdentity.principalId',
    'userIdentity.arn',
    'userIdentity.accountId',
    'userIdentity.userName',
    'userIdentity.invokedBy',
    'userIdentity.sessionContext.sourceIdentity',
    'userIdentity.sessionContext.sessionIssuer.arn',
    'userIdentity.sessionContext.sessionIssuer.userName',
    'userIdentity.sessionContext.sessionIssuer.type',
    'userIdentity.sessionContext.sessionIssuer.accountId',
    'userIdentity.sessionContext.attributes.mfaAuthenticated',
    'userIdentity.sessionContext.attributes.creationDate',
    'resources.[].ARN',
    'requestParameters.instancesSet.items.[].instanceId',
  ].map(text),
  ...PARAMETERS.filter((name) => name !== 'key').map((name) => ({
    ...text(`requestParameters.${name}`),
    inRow: name !== 'name' && name !== 'names',
  })),
  ...['userIdentity.accessKeyId', 'responseElements.credentials.accessKeyId'].map(
    (path): ScanField => ({name: path, path: path.split('.'), mode: 'accessKey'}),
  ),
  {name: 'keyPrefix', path: ['requestParameters', 'key'], mode: 'prefix'},
  {name: 'requestParameters', path: ['requestParameters'], mode: 'range'},
];

const GROUPS: ScanGroup[] = [
  {
    name: 'identity',
    fields: FIELDS.map((field) => field.name).filter(
      (name) =>
        name.startsWith('userIdentity') && !/accessKeyId|creationDate|mfaAuthenticated/.test(name),
    ),
  },
  {name: 'operation', fields: ['eventSource', 'eventName', 'eventType', 'eventCategory']},
  {name: 'account', fields: ['recipientAccountId', 'userIdentity.accountId']},
  {name: 'network', fields: ['sourceIPAddress', 'vpcEndpointId']},
  {name: 'client', fields: ['userAgent']},
  {name: 'error', fields: ['errorCode', 'eventName']},
  {
    name: 'resource',
    fields: [
      'eventSource',
      'resources.[].ARN',
      'keyPrefix',
      'requestParameters.instancesSet.items.[].instanceId',
      ...PARAMETERS.filter(
        (name) => !['key', 'policyDocument', 'roleSessionName'].includes(name),
      ).map((name) => `requestParameters.${name}`),
    ],
  },
  {
    name: 'session',
    fields: ['userIdentity.sessionContext.attributes.mfaAuthenticated', 'userIdentity.invokedBy'],
  },
];

/** Fields and groups in the manner of CloudTrail's, for tests and benchmarks of scanners alone. */
export const SAMPLE_SPEC: ScanSpec = {fields: FIELDS, groups: GROUPS};
