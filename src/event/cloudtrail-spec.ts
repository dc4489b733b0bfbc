import type {FieldMode, ScanField, ScanGroup, ScanSpec} from './scan-spec.ts';

/** What rows hold, for whoever reads them. */
function inRow(name: string, path: string, mode: FieldMode = 'text'): ScanField {
  return {name, path: path.split('.'), mode};
}

function field(name: string, path: string, mode: FieldMode = 'text'): ScanField {
  return {name, path: path.split('.'), mode, inRow: false};
}

/**
 * Request parameters that may name the main resource of a call, in the order of the resource
 * table (`resource.ts`). Ids of short-lived things (instances, volumes, snapshots, network
 * interfaces, object keys) are missing on purpose: each distinct value would cost a combination
 * and tell the model nothing. Views find them in the record itself (`touched.ts`).
 */
export const RESOURCE_PARAMETERS = [
  'bucketName',
  'secretId',
  'roleArn',
  'roleName',
  'userName',
  'groupName',
  'policyArn',
  'policyName',
  'instanceProfileName',
  'keyId',
  'functionName',
  'tableName',
  'queueUrl',
  'queueName',
  'topicArn',
  'logGroupName',
  'stackName',
  'repositoryName',
  'clusterName',
  'cluster',
  'dBInstanceIdentifier',
  'dBClusterIdentifier',
  'clusterIdentifier',
  'trailName',
  'rule',
  'documentName',
  'instanceType',
  'attribute',
  'groupId',
  'keyName',
  'projectName',
  'stateMachineArn',
  'streamName',
  'deliveryStreamName',
  'domainName',
  'modelId',
  'workGroup',
  'databaseName',
  'userPoolId',
  'hostedZoneId',
  'autoScalingGroupName',
  'detectorId',
  'serverId',
  'vaultName',
  'name',
  'path',
] as const;

const RESOURCE_FIELDS = RESOURCE_PARAMETERS.map((name) =>
  field(`parameter.${name}`, `requestParameters.${name}`),
);

const FIELDS: readonly ScanField[] = [
  // The scanner knows these two by name and interns only those that are not canonical.
  inRow('eventTime', 'eventTime'),
  inRow('eventID', 'eventID'),

  inRow('eventSource', 'eventSource'),
  inRow('eventName', 'eventName'),
  field('eventType', 'eventType'),
  field('eventCategory', 'eventCategory'),
  field('insightType', 'insightDetails.insightType'),
  field('insightSource', 'insightDetails.eventSource'),
  field('insightName', 'insightDetails.eventName'),

  field('errorCode', 'errorCode'),
  field('consoleLogin', 'responseElements.ConsoleLogin'),
  field('switchRole', 'responseElements.SwitchRole'),
  field('checkMfa', 'responseElements.CheckMfa'),

  field('identityType', 'userIdentity.type'),
  field('identityArn', 'userIdentity.arn'),
  field('identityAccount', 'userIdentity.accountId'),
  field('identityPrincipalId', 'userIdentity.principalId'),
  field('identityUserName', 'userIdentity.userName'),
  field('identityUserId', 'userIdentity.userId'),
  field('identityProvider', 'userIdentity.identityProvider'),
  field('onBehalfOf', 'userIdentity.onBehalfOf.userId'),
  field('invokedBy', 'userIdentity.invokedBy'),
  field('issuerArn', 'userIdentity.sessionContext.sessionIssuer.arn'),
  field('issuerAccount', 'userIdentity.sessionContext.sessionIssuer.accountId'),
  field('issuerUserName', 'userIdentity.sessionContext.sessionIssuer.userName'),
  field('sourceIdentity', 'userIdentity.sessionContext.sourceIdentity'),
  field('federatedProvider', 'userIdentity.sessionContext.webIdFederationData.federatedProvider'),
  field('mfaAuthenticated', 'userIdentity.sessionContext.attributes.mfaAuthenticated'),
  field('recipientAccountId', 'recipientAccountId'),
  field('awsRegion', 'awsRegion'),

  field('sourceIPAddress', 'sourceIPAddress'),
  field('vpcEndpointId', 'vpcEndpointId'),
  field('oldVpcEndpointId', 'additionalEventData.vpcEndpointId'),
  field('userAgent', 'userAgent'),
  field('sessionCredentialFromConsole', 'sessionCredentialFromConsole'),
  field('mfaUsed', 'additionalEventData.MFAUsed'),

  ...RESOURCE_FIELDS,
  field('parameter.names', 'requestParameters.names.[]'),
  // Only the beginning: the ARN of an S3 object holds its key.
  field('resourceArn', 'resources.[].ARN', 'prefix'),
  field('resourceType', 'resources.[].type'),
  field('resourceAccount', 'resources.[].accountId'),

  inRow('accessKeyId', 'userIdentity.accessKeyId', 'accessKey'),
  inRow('issuedAccessKeyId', 'responseElements.credentials.accessKeyId', 'accessKey'),

  inRow('requestParameters', 'requestParameters', 'range'),
];

const GROUPS = [
  {
    name: 'operation',
    fields: ['eventSource', 'eventName', 'eventType', 'eventCategory', 'insightType'],
  },
  {name: 'error', fields: ['errorCode', 'consoleLogin', 'switchRole', 'checkMfa']},
  {
    name: 'identity',
    fields: [
      'identityType',
      'identityArn',
      'identityAccount',
      'identityPrincipalId',
      'identityUserName',
      'identityUserId',
      'identityProvider',
      'onBehalfOf',
      'invokedBy',
      'issuerArn',
      'issuerAccount',
      'issuerUserName',
      'sourceIdentity',
      'federatedProvider',
      'recipientAccountId',
      'eventType',
    ],
  },
  {name: 'network', fields: ['sourceIPAddress', 'vpcEndpointId', 'oldVpcEndpointId', 'invokedBy']},
  {name: 'userAgent', fields: ['userAgent', 'sessionCredentialFromConsole']},
  {name: 'place', fields: ['awsRegion', 'recipientAccountId', 'identityAccount', 'issuerAccount']},
  {
    name: 'resource',
    fields: [
      'eventSource',
      'eventName',
      'mfaUsed',
      ...RESOURCE_FIELDS.map(({name}) => name),
      'parameter.names',
      'resourceArn',
      'resourceType',
      'resourceAccount',
      'insightSource',
      'insightName',
    ],
  },
  {
    name: 'session',
    fields: ['mfaAuthenticated', 'sessionCredentialFromConsole', 'sourceIdentity', 'invokedBy'],
  },
] as const satisfies readonly ScanGroup[];

export type GroupName = (typeof GROUPS)[number]['name'];

/**
 * What Oddtrail takes out of a CloudTrail record. Every component but the hour is a function of
 * one group (`derive.ts`), so it is worked out once per distinct combination of its texts.
 */
export const CLOUDTRAIL_SPEC = {fields: FIELDS, groups: GROUPS} as const satisfies ScanSpec;
