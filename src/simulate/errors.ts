import type {Random} from '../base/random.ts';
import type {Call} from './call.ts';
import type {Operation} from './operations.ts';

const S3_ABSENT: Readonly<Record<string, string>> = {
  GetBucketPolicy: 'NoSuchBucketPolicy',
  GetBucketPublicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  GetBucketWebsite: 'NoSuchWebsiteConfiguration',
  GetBucketLifecycle: 'NoSuchLifecycleConfiguration',
  GetBucketCors: 'NoSuchCORSConfiguration',
  GetBucketObjectLockConfiguration: 'ObjectLockConfigurationNotFoundError',
  GetBucketReplication: 'ReplicationConfigurationNotFoundError',
  GetBucketTagging: 'NoSuchTagSet',
  GetBucketEncryption: 'ServerSideEncryptionConfigurationNotFoundError',
  GetBucketPolicyStatus: 'NoSuchBucketPolicy',
  GetBucketOwnershipControls: 'OwnershipControlsNotFoundError',
};

const ENTITY_NAMES: Readonly<Record<string, string>> = {
  instance: 'InstanceID',
  volume: 'Volume',
  snapshot: 'Snapshot',
  group: 'Group',
  eni: 'NetworkInterfaceID',
  vpc: 'VpcID',
  subnet: 'SubnetID',
  image: 'AMIID',
  keypair: 'KeyPair',
  template: 'LaunchTemplateId',
};

/** The code with which this service refuses what the caller may not do. */
export function deniedCode(operation: Operation): string {
  switch (operation.service) {
    case 'ec2':
      return 'Client.UnauthorizedOperation';
    case 's3':
    case 'iam':
    case 'sts':
    case 'rds':
    case 'sns':
    case 'cloudformation':
    case 'autoscaling':
    case 'elasticloadbalancing':
    case 'elasticache':
    case 'cloudfront':
    case 'route53':
    case 'monitoring':
    case 'kms':
      return 'AccessDenied';
    default:
      return 'AccessDeniedException';
  }
}

/** The code for something that is not there. */
export function missingCode(operation: Operation): string {
  switch (operation.service) {
    case 'ec2':
      return `Client.Invalid${ENTITY_NAMES[operation.kind] ?? 'Parameter'}.NotFound`;
    case 's3':
      return S3_ABSENT[operation.name] ?? 'NoSuchBucket';
    case 'iam':
      return 'NoSuchEntityException';
    case 'ssm':
      return operation.kind === 'parameter' ? 'ParameterNotFound' : 'InvalidInstanceId';
    case 'kms':
      return 'NotFoundException';
    case 'rds':
      return 'DBInstanceNotFound';
    case 'ecr':
      return 'RepositoryNotFoundException';
    case 'glue':
      return 'EntityNotFoundException';
    case 'cloudformation':
    case 'autoscaling':
      return 'ValidationException';
    case 'elasticloadbalancing':
      return 'LoadBalancerNotFound';
    case 'sqs':
      return 'AWS.SimpleQueueService.NonExistentQueue';
    case 'cloudtrail':
      return 'TrailNotFoundException';
    default:
      return 'ResourceNotFoundException';
  }
}

/** An error such as ordinary work meets: mostly missing things and refusals, then throttling. */
export function ordinaryError(operation: Operation, random: Random): string {
  const draw = random.next();
  if (draw < 0.45) return missingCode(operation);
  if (draw < 0.78) return deniedCode(operation);
  if (draw < 0.92)
    return operation.service === 'ec2' ? 'Client.RequestLimitExceeded' : 'ThrottlingException';
  return operation.service === 'ec2'
    ? 'Client.InvalidParameterValue'
    : random.chance(0.6)
      ? 'ValidationException'
      : 'InvalidParameterValueException';
}

/** The sentence that goes with the code. */
export function errorMessage(call: Call): string {
  const {error, operation, session, resource} = call;
  const {service, name} = operation;
  const action = `${service}:${name.replace(/\d{8}(v\d)?$|\d{4}_\d\d_\d\d$/, '')}`;
  if (error === 'Client.UnauthorizedOperation') {
    return `You are not authorized to perform this operation. User: ${session.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
  }
  if (error.startsWith('AccessDenied')) {
    if (service === 's3') return 'Access Denied';
    return `User: ${session.arn} is not authorized to perform: ${action} on resource: ${resource === '' ? '*' : resource} because no identity-based policy allows the ${action} action`;
  }
  if (error === 'ThrottlingException' || error.endsWith('RequestLimitExceeded'))
    return 'Rate exceeded';
  if (service === 's3')
    return `The ${error
      .replace(/^NoSuch/, '')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()} does not exist`;
  if (error.includes('NotFound') || error.startsWith('NoSuch')) {
    return `The ${operation.kind === '' ? 'resource' : operation.kind} '${resource}' does not exist`;
  }
  if (error === 'Failed authentication') return error;
  return `1 validation error detected: value '${resource}' failed to satisfy constraint`;
}
