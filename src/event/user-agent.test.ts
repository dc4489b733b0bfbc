import {expect, test} from 'vitest';
import {userAgentOf} from './user-agent.ts';

test.each([
  ['aws-cli/1.18.136 Python/3.8.5 Darwin/19.5.0 botocore/1.17.59', 'aws-cli'],
  ['[aws-cli/2.13.5 Python/3.11.4 Linux/6.1.0-kali9-amd64 exe/x86_64.kali.2023]', 'aws-cli+kali'],
  ['aws-cli/2.31.1 md/awscrt#0.27.6 os/linux#6.1 exec-env/CloudShell m/Z', 'aws-cli+cloudshell'],
  ['Boto3/1.15.2 Python/3.8.2 Linux/5.6.3-arch1-1 Botocore/1.18.2', 'boto3'],
  ['Boto3/1.26 Python/3.9 Linux/4.14 exec-env/AWS_Lambda_python3.9 Botocore/1.29', 'boto3+lambda'],
  ['Botocore/1.29.165 Python/3', 'botocore'],
  [
    'APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/3.76.1 aws-sdk-go/1.44.157',
    'terraform',
  ],
  ['APN/1.0 OpenTofu/1.6 terraform-provider-aws/5', 'opentofu'],
  ['APN/1.0 Pulumi/1.0 PulumiAws/6 terraform-provider-aws/5', 'pulumi'],
  ['stratus-red-team_ea782787-a65d-4fc4-9fca-1c97869a9a25', 'stratus-red-team'],
  ['aws-sdk-go-v2/1.18.0 os/linux lang/go/1.19.8', 'sdk-go'],
  ['aws-sdk-java/2.20 Linux/5', 'sdk-java'],
  ['aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/', 'ssm-agent'],
  ['[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10]', 'console'],
  ['console.ec2.amazonaws.com', 'console'],
  ['cloudformation.amazonaws.com', 'cloudformation'],
  ['ec2.amazonaws.com', 'aws-service'],
  ['AWS Internal', 'aws-internal'],
  [
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0',
    'browser:firefox',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/0.0.0.0 Safari/537.36',
    'browser:chrome',
  ],
  ['Mozilla/5.0 AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/120', 'browser:edge'],
  ['curl/8.0', 'curl'],
  ['python-requests/2.31', 'python-requests'],
  ['MyTool-v1.2.3 (x)', 'mytool'],
  ['ec2-api-tools 1.6.12.2', 'ec2-api-tools'],
  ['', '-'],
  ['...', 'other'],
])('%s is %s', (userAgent, family) => {
  expect(userAgentOf({userAgent})).toBe(family);
});

test('the console speaks through AWS Internal too', () => {
  const texts = {userAgent: 'AWS Internal', sessionCredentialFromConsole: 'true'};
  expect(userAgentOf(texts)).toBe('console');
});
