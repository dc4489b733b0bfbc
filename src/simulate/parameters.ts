import type {Random} from '../base/random.ts';
import type {Call} from './call.ts';
import {alphanumeric, base32, hex, uuid} from './draw.ts';

// Name of the parameter that carries the resource, by kind; EC2 spells its own.
const KEYS: Readonly<Record<string, string>> = {
  bucket: 'bucketName',
  role: 'roleName',
  user: 'userName',
  policy: 'policyArn',
  profile: 'instanceProfileName',
  key: 'keyId',
  secret: 'secretId',
  parameter: 'name',
  function: 'functionName',
  loggroup: 'logGroupName',
  alarm: 'alarmName',
  dashboard: 'dashboardName',
  table: 'tableName',
  db: 'dBInstanceIdentifier',
  asg: 'autoScalingGroupName',
  lb: 'loadBalancerArn',
  stack: 'stackName',
  cluster: 'cluster',
  repository: 'repositoryName',
  ekscluster: 'name',
  trail: 'name',
  rule: 'configRuleName',
  detector: 'detectorId',
  queue: 'queueUrl',
  topic: 'topicArn',
  eventrule: 'name',
  machine: 'stateMachineArn',
  workgroup: 'workGroup',
  database: 'databaseName',
  job: 'jobName',
  endpoint: 'endpointName',
  fm: 'modelId',
  repo: 'repositoryName',
  build: 'projectName',
  pipeline: 'name',
  distribution: 'id',
  zone: 'hostedZoneId',
  namespace: 'namespaceId',
  api: 'restApiId',
  cache: 'cacheClusterId',
  domain: 'domainName',
  stream: 'streamName',
  warehouse: 'clusterIdentifier',
  emr: 'clusterId',
  certificate: 'certificateArn',
  acl: 'name',
  vault: 'backupVaultName',
  fs: 'fileSystemId',
  pool: 'userPoolId',
  instance: 'instanceId',
  volume: 'volumeId',
  snapshot: 'snapshotId',
  eni: 'networkInterfaceId',
  group: 'groupId',
  vpc: 'vpcId',
  subnet: 'subnetId',
  image: 'imageId',
  keypair: 'keyName',
  template: 'launchTemplateId',
};

const SUBRESOURCES: Readonly<Record<string, string>> = {
  GetBucketLocation: 'location',
  GetBucketAcl: 'acl',
  PutBucketAcl: 'acl',
  GetBucketPolicy: 'policy',
  GetBucketVersioning: 'versioning',
  GetBucketTagging: 'tagging',
  GetBucketEncryption: 'encryption',
  GetBucketPublicAccessBlock: 'publicAccessBlock',
  GetBucketLifecycle: 'lifecycle',
  GetBucketLogging: 'logging',
  GetBucketPolicyStatus: 'policyStatus',
  GetBucketNotification: 'notification',
  GetBucketWebsite: 'website',
  GetBucketReplication: 'replication',
  GetBucketCors: 'cors',
  GetBucketObjectLockConfiguration: 'object-lock',
  GetBucketRequestPayment: 'requestPayment',
  GetAccelerateConfiguration: 'accelerate',
  GetBucketOwnershipControls: 'ownershipControls',
};

/** What the call asked for, in the shape its service logs; null where a service logs nothing. */
export function requestParameters(call: Call, random: Random): object | null {
  const {operation, resource, region} = call;
  const {service, name, kind} = operation;
  switch (service) {
    case 'ec2':
      return ec2Request(call, random);
    case 's3': {
      if (resource === '') return {Host: `s3.${region}.amazonaws.com`};
      const request: Record<string, unknown> = {
        bucketName: resource,
        Host: `${resource}.s3.${region}.amazonaws.com`,
      };
      const subresource = SUBRESOURCES[name];
      if (subresource !== undefined) request[subresource] = '';
      if (name.startsWith('ListObject')) {
        request['list-type'] = '2';
        request['max-keys'] = '1000';
        request['encoding-type'] = 'url';
        request.prefix = '';
      } else if (name.includes('Object') && operation.data) {
        request.key = `${['2026', 'daily', 'in', 'out'][random.below(4)]}/${hex(random, 6)}.${['json', 'csv', 'parquet', 'gz'][random.below(4)]}`;
      }
      return request;
    }
    case 'sts':
      if (name.startsWith('AssumeRole')) {
        return {roleArn: resource, roleSessionName: 'session', durationSeconds: 3600};
      }
      return null;
    case 'kms':
      if (resource === '') return {};
      if (name === 'Decrypt') return {encryptionAlgorithm: 'SYMMETRIC_DEFAULT'};
      if (name === 'Encrypt') return {encryptionAlgorithm: 'SYMMETRIC_DEFAULT', keyId: resource};
      if (name.startsWith('GenerateDataKey')) return {keySpec: 'AES_256', keyId: resource};
      return {keyId: resource};
    case 'ssm':
      if (kind === 'parameter') return {name: resource, withDecryption: random.chance(0.7)};
      if (name === 'StartSession') return {target: resource};
      break;
    case 'dynamodb':
      if (name === 'GetItem' || name === 'UpdateItem' || name === 'PutItem') {
        return {tableName: resource, key: {id: hex(random, 12)}, returnConsumedCapacity: 'NONE'};
      }
      break;
    case 'elasticloadbalancing':
      if (resource !== '') {
        const arn = `arn:aws:elasticloadbalancing:${region}:${call.account}:loadbalancer/app/${resource}/${hex(random, 16)}`;
        return name === 'DescribeLoadBalancers' ? {names: [resource]} : {loadBalancerArn: arn};
      }
      return {pageSize: 100};
    case 'logs':
      if (name === 'CreateLogStream' || name === 'GetLogEvents') {
        return {logGroupName: resource, logStreamName: `2026/01/[$LATEST]${hex(random, 32)}`};
      }
      if (name === 'StartQuery' || name === 'FilterLogEvents') {
        return {
          logGroupName: resource,
          startTime: Math.floor(call.time / 1000) - 3600,
          endTime: Math.floor(call.time / 1000),
          queryString:
            'fields @timestamp, @message | filter @message like /ERROR/ | sort @timestamp desc | limit 100',
        };
      }
      break;
    case 'config':
      if (name === 'PutEvaluations') {
        return {
          resultToken: alphanumeric(random, 200),
          testMode: false,
          evaluations: Array.from({length: random.between(1, 12)}, () => ({
            complianceResourceType: 'AWS::EC2::Instance',
            complianceResourceId: `i-0${hex(random, 16)}`,
            complianceType: random.chance(0.8) ? 'COMPLIANT' : 'NON_COMPLIANT',
            orderingTimestamp: americanTime(call.time),
          })),
        };
      }
      break;
    case 'iam':
      if (name === 'PutRolePolicy' || name === 'CreatePolicy' || name === 'CreatePolicyVersion') {
        return {
          [KEYS[kind] ?? 'policyArn']: resource,
          policyName: 'access',
          policyDocument: policyDocument(random, call),
        };
      }
      break;
    case 'monitoring':
      if (name === 'PutDashboard')
        return {dashboardName: resource, dashboardBody: dashboardBody(random)};
      break;
    case 'ecs':
      if (name === 'RegisterTaskDefinition') return taskDefinition(random, call);
      break;
    case 'ce':
      return {
        TimePeriod: {Start: '2026-01-01', End: '2026-02-01'},
        Granularity: 'DAILY',
        Metrics: ['UnblendedCost'],
        GroupBy: [{Type: 'DIMENSION', Key: 'SERVICE'}],
      };
    case 'sns':
      if (resource !== '') return {topicArn: `arn:aws:sns:${region}:${call.account}:${resource}`};
      break;
    case 'sqs':
      if (resource !== '')
        return {
          queueUrl: `https://sqs.${region}.amazonaws.com/${call.account}/${resource}`,
          attributeNames: ['All'],
        };
      break;
    case 'states':
      if (resource !== '')
        return {
          stateMachineArn: `arn:aws:states:${region}:${call.account}:stateMachine:${resource}`,
        };
      break;
  }
  if (resource === '') return random.chance(0.5) ? null : {maxResults: 100};
  const key = KEYS[kind] ?? 'resourceName';
  return operation.readOnly
    ? {[key]: resource}
    : {
        [key]: resource,
        clientRequestToken: uuid(random),
        tags: [{key: 'Environment', value: 'prod'}],
      };
}

function ec2Request(call: Call, random: Random): object {
  const {operation, resource, region} = call;
  const {name, kind} = operation;
  if (name.startsWith('Describe') || name.startsWith('Get')) {
    if (resource === '' || random.chance(0.3)) return {};
    const key = KEYS[kind] ?? 'resourceId';
    if (random.chance(0.05)) {
      const many = Array.from({length: random.between(5, 45)}, () => ({
        [key]: `${resource.slice(0, resource.indexOf('-') + 1)}0${hex(random, 16)}`,
      }));
      return {[`${kind}Set`]: {items: many}, filterSet: {}};
    }
    if (random.chance(0.5)) {
      return {
        filterSet: {
          items: [{name: 'vpc-id', valueSet: {items: [{value: `vpc-0${hex(random, 16)}`}]}}],
        },
        [`${kind}Set`]: {},
      };
    }
    return {[`${kind}Set`]: {items: [{[key]: resource}]}, filterSet: {}, maxResults: 1000};
  }
  const key = KEYS[kind] ?? 'resourceId';
  switch (name) {
    case 'RunInstances':
      return runInstancesRequest(resource, region, random, 1);
    case 'TerminateInstances':
    case 'StartInstances':
    case 'StopInstances':
    case 'RebootInstances':
      return {instancesSet: {items: [{instanceId: resource}]}, force: false};
    case 'CreateNetworkInterface':
      return {
        subnetId: `subnet-0${hex(random, 16)}`,
        description: `AWS Lambda VPC ENI-${resource}-${uuid(random)}`,
        groupSet: {items: [{groupId: `sg-0${hex(random, 16)}`}]},
        privateIpAddressesSet: {},
        ipv6AddressCount: 0,
        clientToken: uuid(random),
      };
    case 'CreateSnapshot':
      return {
        volumeId: `vol-0${hex(random, 16)}`,
        description: 'Created by the backup job',
        tagSpecificationSet: {
          items: [{resourceType: 'snapshot', tags: [{key: 'Name', value: 'nightly'}]}],
        },
      };
    case 'ModifySnapshotAttribute':
      return {
        snapshotId: resource,
        createVolumePermission: {},
        attributeType: 'CREATE_VOLUME_PERMISSION',
      };
    case 'AuthorizeSecurityGroupIngress':
    case 'RevokeSecurityGroupIngress':
      return {
        groupId: resource,
        ipPermissions: {
          items: [
            {
              ipProtocol: 'tcp',
              fromPort: 443,
              toPort: 443,
              groups: {},
              ipRanges: {
                items: [{cidrIp: `10.${random.below(256)}.0.0/16`, description: 'internal'}],
              },
              ipv6Ranges: {},
              prefixListIds: {},
            },
          ],
        },
      };
    case 'CreateTags':
      return {
        resourcesSet: {items: [{resourceId: resource === '' ? `i-0${hex(random, 16)}` : resource}]},
        tagSet: {
          items: [
            {key: 'Owner', value: 'platform'},
            {key: 'CostCentre', value: String(random.between(1000, 1040))},
          ],
        },
      };
    default:
      return {[key]: resource};
  }
}

function policyDocument(random: Random, call: Call): string {
  const statements = Array.from({length: random.between(1, 8)}, (_, i) => ({
    Sid: `Statement${i}`,
    Effect: 'Allow',
    Action: [
      's3:GetObject',
      's3:PutObject',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
      'kms:Decrypt',
    ].slice(0, random.between(1, 6)),
    Resource: `arn:aws:s3:::northwind-${call.resource.slice(-12)}/${hex(random, 4)}/*`,
  }));
  return JSON.stringify({Version: '2012-10-17', Statement: statements});
}

function dashboardBody(random: Random): string {
  const widgets = Array.from({length: random.between(2, 20)}, (_, i) => ({
    type: 'metric',
    x: (i % 2) * 12,
    y: i * 3,
    width: 12,
    height: 6,
    properties: {
      metrics: [
        ['AWS/ApplicationELB', 'TargetResponseTime', 'LoadBalancer', `app/${hex(random, 16)}`],
      ],
      period: 60,
      stat: 'p95',
      title: 'Latency',
    },
  }));
  return JSON.stringify({widgets});
}

function taskDefinition(random: Random, call: Call): object {
  return {
    family: call.resource === '' ? 'service' : call.resource,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '512',
    memory: '1024',
    executionRoleArn: `arn:aws:iam::${call.account}:role/ecsTaskExecutionRole`,
    containerDefinitions: [
      {
        name: 'app',
        image: `${call.account}.dkr.ecr.${call.region}.amazonaws.com/service:${hex(random, 8)}`,
        essential: true,
        portMappings: [{containerPort: 8080, protocol: 'tcp'}],
        environment: Array.from({length: random.between(4, 30)}, (_, i) => ({
          name: `SETTING_${i}`,
          value: hex(random, 12),
        })),
        logConfiguration: {
          logDriver: 'awslogs',
          options: {'awslogs-group': '/ecs/service', 'awslogs-region': call.region},
        },
      },
    ],
  };
}

/** Request of `ModifySnapshotAttribute`: another account may make volumes of the snapshot. */
export function snapshotShareRequest(snapshot: string, account: string): object {
  return {
    snapshotId: snapshot,
    createVolumePermission: {add: {items: [{userId: account}]}},
    attributeType: 'CREATE_VOLUME_PERMISSION',
  };
}

/** Request of `RunInstances`: `resource` is the instance type. */
export function runInstancesRequest(
  type: string,
  region: string,
  random: Random,
  count: number,
): object {
  return {
    instancesSet: {items: [{imageId: `ami-0${hex(random, 16)}`, minCount: count, maxCount: count}]},
    instanceType: type.startsWith('i-') || type === '' ? 'm6i.large' : type,
    blockDeviceMapping: {},
    availabilityZone: `${region}a`,
    monitoring: {enabled: false},
    disableApiTermination: false,
    disableApiStop: false,
    clientToken: uuid(random),
    tagSpecificationSet: {
      items: [{resourceType: 'instance', tags: [{key: 'Name', value: 'worker'}]}],
    },
  };
}

/** What the service answered; null for everything that only reads, as in real trails. */
export function responseElements(call: Call, random: Random): object | null {
  const {operation, resource, region, account} = call;
  const {service, name} = operation;
  if (service === 'ec2') {
    if (operation.readOnly) return null;
    const requestId = uuid(random);
    switch (name) {
      case 'RunInstances':
        return {
          requestId,
          reservationId: `r-0${hex(random, 16)}`,
          ownerId: account,
          groupSet: {},
          instancesSet: {
            items: [
              {
                instanceId: resource.startsWith('i-') ? resource : `i-0${hex(random, 16)}`,
                imageId: `ami-0${hex(random, 16)}`,
                currentState: {code: 0, name: 'pending'},
                privateDnsName: `ip-10-0-${random.below(256)}-${random.below(256)}.ec2.internal`,
                amiLaunchIndex: 0,
                productCodes: {},
                instanceType: resource.startsWith('i-') || resource === '' ? 'm6i.large' : resource,
                launchTime: call.time,
                placement: {availabilityZone: `${region}a`, tenancy: 'default'},
                monitoring: {state: 'disabled'},
                subnetId: `subnet-0${hex(random, 16)}`,
                vpcId: `vpc-0${hex(random, 16)}`,
                architecture: 'x86_64',
                rootDeviceType: 'ebs',
              },
            ],
          },
        };
      case 'CreateSnapshot':
        return {
          requestId,
          snapshotId: resource,
          volumeId: `vol-0${hex(random, 16)}`,
          status: 'pending',
          startTime: call.time,
          progress: '',
          ownerId: account,
          volumeSize: '100',
          encrypted: true,
        };
      case 'CreateNetworkInterface':
        return {
          requestId,
          networkInterface: {
            networkInterfaceId: `eni-0${hex(random, 16)}`,
            subnetId: `subnet-0${hex(random, 16)}`,
            vpcId: `vpc-0${hex(random, 16)}`,
            availabilityZone: `${region}a`,
            ownerId: account,
            requesterManaged: false,
            status: 'pending',
            macAddress: '02:1f:6a:00:11:5c',
            privateIpAddress: `10.0.${random.below(256)}.${random.below(256)}`,
            sourceDestCheck: true,
            interfaceType: 'lambda',
            tagSet: {},
          },
        };
      default:
        return {requestId, _return: true};
    }
  }
  if (service === 'sts' && name.startsWith('AssumeRole')) {
    return assumeRoleResponse(resource, 'session', `ASIA${base32(random, 16)}`, call.time, random);
  }
  if (operation.readOnly) return null;
  switch (service) {
    case 's3':
      return operation.data ? {'x-amz-server-side-encryption': 'AES256'} : null;
    case 'iam': {
      if (name === 'CreateAccessKey') {
        return {
          accessKey: {
            accessKeyId: `AKIA${base32(random, 16)}`,
            status: 'Active',
            userName: resource,
            createDate: americanTime(call.time),
          },
        };
      }
      if (name === 'CreateUser') {
        return {
          user: {
            path: '/',
            arn: `arn:aws:iam::${account}:user/${resource}`,
            userId: `AIDA${base32(random, 17)}`,
            createDate: americanTime(call.time),
            userName: resource,
          },
        };
      }
      if (name === 'CreateRole') {
        return {
          role: {
            path: '/',
            roleName: resource,
            roleId: `AROA${base32(random, 17)}`,
            arn: `arn:aws:iam::${account}:role/${resource}`,
            createDate: americanTime(call.time),
            assumeRolePolicyDocument:
              '%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D',
          },
        };
      }
      return null;
    }
    case 'lambda':
      return name.startsWith('Invoke')
        ? null
        : {
            functionName: resource,
            functionArn: `arn:aws:lambda:${region}:${account}:function:${resource}`,
            runtime: 'nodejs22.x',
            role: `arn:aws:iam::${account}:role/app-${resource}`,
            handler: 'index.handler',
            codeSize: random.between(10_000, 900_000),
            timeout: 30,
            memorySize: 512,
            lastModified: new Date(call.time).toISOString(),
            codeSha256: `${alphanumeric(random, 43)}=`,
            version: '$LATEST',
            tracingConfig: {mode: 'PassThrough'},
            revisionId: uuid(random),
            state: 'Active',
            packageType: 'Zip',
            architectures: ['arm64'],
          };
    case 'cloudformation':
      return {
        stackId: `arn:aws:cloudformation:${region}:${account}:stack/${resource}/${uuid(random)}`,
      };
    case 'ecs':
      return name === 'UpdateService' || name === 'RunTask'
        ? {
            tasks: [
              {
                taskArn: `arn:aws:ecs:${region}:${account}:task/${resource}/${hex(random, 32)}`,
                clusterArn: `arn:aws:ecs:${region}:${account}:cluster/${resource}`,
                lastStatus: 'PROVISIONING',
                desiredStatus: 'RUNNING',
                cpu: '256',
                memory: '512',
                launchType: 'FARGATE',
                platformVersion: '1.4.0',
                group: `family:${resource}`,
              },
            ],
            failures: [],
          }
        : null;
    case 'logs':
    case 'codecommit':
    case 'autoscaling':
    case 'monitoring':
    case 'ssm':
      return null;
    default:
      return {arn: `arn:aws:${service}:${region}:${account}:${resource}`, requestId: uuid(random)};
  }
}

/** Answer of the `AssumeRole` family; the access key ties the next session to the caller. */
export function assumeRoleResponse(
  roleArn: string,
  sessionName: string,
  accessKeyId: string,
  time: number,
  random: Random,
): object {
  const account = roleArn.split(':')[4] ?? '';
  const role = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return {
    credentials: {
      accessKeyId,
      sessionToken: `IQoJb3JpZ2luX2VjE${alphanumeric(random, 60)}`,
      expiration: americanTime(time + 3_600_000),
    },
    assumedRoleUser: {
      assumedRoleId: `${roleId(roleArn)}:${sessionName}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${sessionName}`,
    },
  };
}

/** The unique id of a role, derived from its ARN so that every record agrees on it. */
export function roleId(arn: string): string {
  return `AROA${stableId(arn, 17)}`;
}

/** `length` upper-case letters and digits that depend on the text only. */
export function stableId(text: string, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  let id = '';
  for (let i = 0; i < length; i++) {
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) + i;
    id += alphabet[(h >>> 9) & 31];
  }
  return id;
}

const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

/** `Jan 5, 2026, 9:03:00 AM`, as IAM and STS print times. */
export function americanTime(time: number): string {
  const date = new Date(time);
  const hour = date.getUTCHours();
  const two = (value: number) => String(value).padStart(2, '0');
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}, ${hour % 12 === 0 ? 12 : hour % 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${hour < 12 ? 'AM' : 'PM'}`;
}
