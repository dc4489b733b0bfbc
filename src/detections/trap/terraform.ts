import {selectorsFor} from './coverage.ts';
import {decoyText, type Trap} from './decoy.ts';

/** A trap and the id of its detection. */
export interface NamedTrap {
  readonly id: string;
  readonly trap: Trap;
}

/** A file of Terraform. */
export interface TerraformFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The decoys as Terraform for the AWS provider: each costs next to nothing and grants nothing, and
 * the selectors that make a trail log touches of them.
 */
export function terraformOf(traps: readonly NamedTrap[]): TerraformFile[] {
  const labels = new Labels();
  const seen = new Set<string>();
  const blocks = traps.flatMap(({id, trap}) => {
    // Several traps may lie in one bucket.
    const {kind, name} = trap.decoy;
    const thing = `${kind}/${name}`;
    const first = !seen.has(thing);
    seen.add(thing);
    const text = decoyBlock(trap, labels.of(id), first);
    return text === '' ? [] : [`# ${comment(`Trap "${id}": ${decoyText(trap.decoy)}`)}\n${text}`];
  });
  const functions = traps.some(({trap}) => trap.decoy.kind === 'function');
  return [
    {name: 'versions.tf', text: versions(functions)},
    {name: 'decoys.tf', text: `${HEAD}${blocks.join('\n')}`},
    {name: 'selectors.tf', text: selectors(traps)},
  ];
}

const HEAD = `# Decoys of Oddtrail. Who applies this touches them: apply it before the traps are live, or put
# the role of your pipeline into their allow lists. Keep this file where an intruder does not read.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

`;

function versions(functions: boolean): string {
  const archive = functions
    ? `
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4"
    }`
    : '';
  return `terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40"
    }${archive}
  }
}
`;
}

/** A text as HCL has it: quoted, with nothing in it that would be interpolated. */
export function quoted(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\$\{/g, '$$$${')
    .replace(/%\{/g, '%%{');
  return `"${escaped}"`;
}

function comment(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

/** Names of resources within Terraform, each once. */
class Labels {
  readonly #used = new Set<string>();

  of(id: string): string {
    const base = id.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[^A-Za-z_])/, 'trap_');
    let label = base;
    for (let i = 2; this.#used.has(label); i++) label = `${base}_${i}`;
    this.#used.add(label);
    return label;
  }
}

const DENY_ALL = `jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Deny"
      Action   = "*"
      Resource = "*"
    }]
  })`;

function decoyBlock({decoy}: Trap, label: string, first: boolean): string {
  const {kind, key, prefix} = decoy;
  const name = quoted(decoy.name);
  switch (kind) {
    case 'user':
      return first ? user(label, name) : '';
    case 'access_key':
      return accessKey(label);
    case 'role':
      return first ? role(label, name) : '';
    case 'bucket': {
      const object = key ?? `${prefix ?? ''}README.txt`;
      return bucket(label, quoted(decoy.name.toLowerCase()), quoted(object), first);
    }
    case 'table':
      return first ? table(label, name) : '';
    case 'secret':
      return first ? secret(label, name) : '';
    case 'parameter':
      return first ? parameter(label, name) : '';
    case 'queue':
      return first ? queue(label, name, decoy.name.endsWith('.fifo')) : '';
    case 'function':
      return first ? lambda(label, name) : '';
  }
}

function user(label: string, name: string): string {
  return `resource "aws_iam_user" "${label}" {
  name = ${name}
}

resource "aws_iam_user_policy" "${label}" {
  name = "deny-all"
  user = aws_iam_user.${label}.name
  policy = ${DENY_ALL}
}

# A password makes sign-ins possible at all. It is made up, nobody is told it, and it is kept in the
# state of Terraform. Without it failed sign-ins are logged all the same: the user exists.
resource "aws_iam_user_login_profile" "${label}" {
  user                    = aws_iam_user.${label}.name
  password_length         = 64
  password_reset_required = false
}
`;
}

function accessKey(label: string): string {
  return `# AWS makes up the id of the key: after the apply put the output into the trap.
resource "aws_iam_user" "${label}" {
  name = ${quoted(`svc-${label.replaceAll('_', '-')}`.slice(0, 64))}
}

resource "aws_iam_user_policy" "${label}" {
  name = "deny-all"
  user = aws_iam_user.${label}.name
  policy = ${DENY_ALL}
}

resource "aws_iam_access_key" "${label}" {
  user = aws_iam_user.${label}.name
}

output "${label}_access_key_id" {
  value = aws_iam_access_key.${label}.id
}

output "${label}_secret_access_key" {
  value     = aws_iam_access_key.${label}.secret
  sensitive = true
}
`;
}

function role(label: string, name: string): string {
  const account =
    '{ AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }';
  return powerlessRole(label, `name = ${name}`, account);
}

/** A role that `trusted`, the HCL of a principal, can assume, and nobody can do anything with. */
function powerlessRole(label: string, naming: string, trusted: string): string {
  return `resource "aws_iam_role" "${label}" {
  ${naming}
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = ${trusted}
    }]
  })
}

resource "aws_iam_role_policy" "${label}" {
  name = "deny-all"
  role = aws_iam_role.${label}.id
  policy = ${DENY_ALL}
}
`;
}

function bucket(label: string, name: string, object: string, first: boolean): string {
  const content = `
resource "aws_s3_object" "${label}" {
  bucket  = ${first ? `aws_s3_bucket.${label}.id` : name}
  key     = ${object}
  content = "Nothing of worth is in here.\\n"
}
`;
  if (!first) return content.trimStart();
  return `# Names of buckets are unique in the world, and lower-case: this one may be taken.
resource "aws_s3_bucket" "${label}" {
  bucket        = ${name}
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "${label}" {
  bucket                  = aws_s3_bucket.${label}.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
${content}`;
}

function table(label: string, name: string): string {
  return `resource "aws_dynamodb_table" "${label}" {
  name         = ${name}
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table_item" "${label}" {
  table_name = aws_dynamodb_table.${label}.name
  hash_key   = aws_dynamodb_table.${label}.hash_key
  item = jsonencode({
    id   = { S = "1" }
    name = { S = "Jane Doe" }
  })
}
`;
}

function secret(label: string, name: string): string {
  return `resource "aws_secretsmanager_secret" "${label}" {
  name                    = ${name}
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "${label}" {
  secret_id     = aws_secretsmanager_secret.${label}.id
  secret_string = jsonencode({ username = "admin", password = "not-a-password" })
}
`;
}

function parameter(label: string, name: string): string {
  return `resource "aws_ssm_parameter" "${label}" {
  name  = ${name}
  type  = "SecureString"
  value = "not-a-password"
}
`;
}

function queue(label: string, name: string, fifo: boolean): string {
  return `resource "aws_sqs_queue" "${label}" {
  name${fifo ? '      ' : ''} = ${name}${fifo ? '\n  fifo_queue = true' : ''}
}
`;
}

function lambda(label: string, name: string): string {
  const service = '{ Service = "lambda.amazonaws.com" }';
  const role = powerlessRole(label, 'name_prefix = "decoy-function-"', service);
  return `data "archive_file" "${label}" {
  type        = "zip"
  output_path = "\${path.module}/${label}.zip"

  source {
    filename = "index.mjs"
    content  = "export const handler = async () => ({ statusCode: 204 });\\n"
  }
}

${role}
resource "aws_lambda_function" "${label}" {
  function_name                  = ${name}
  role                           = aws_iam_role.${label}.arn
  runtime                        = "nodejs22.x"
  handler                        = "index.handler"
  filename                       = data.archive_file.${label}.output_path
  source_code_hash               = data.archive_file.${label}.output_base64sha256
  reserved_concurrent_executions = 1
}
`;
}

/** The selectors, to be put into the trail that there is, and a trail of their own to be uncommented. */
function selectors(traps: readonly NamedTrap[]): string {
  const unique = new Map(
    traps.flatMap(({trap}) => selectorsFor(trap)).map((each) => [JSON.stringify(each), each]),
  );
  const list = [...unique.values()].map(({Name = '', FieldSelectors = []}) => {
    const fields = FieldSelectors.map((selector) => {
      const [how, values] = selector.Equals
        ? ['equals', selector.Equals]
        : selector.StartsWith
          ? ['starts_with', selector.StartsWith]
          : ['ends_with', selector.EndsWith ?? []];
      return `{ field = ${quoted(selector.Field ?? '')}, ${how} = [${values.map(quoted).join(', ')}] },`;
    });
    return `    {
      name = ${quoted(Name)}
      fields = [
${fields.map((each) => `        ${each}`).join('\n')}
      ]
    },`;
  });
  return `# What a trail must be told to log so that touches of the decoys are in it: data events of just
# these resources, beside the management events. Selectors of a trail are one list that is replaced
# as a whole: put these into the trail you have, within its \`aws_cloudtrail\` resource:
#
#   dynamic "advanced_event_selector" {
#     for_each = local.decoy_selectors
#     content {
#       name = advanced_event_selector.value.name
#       dynamic "field_selector" {
#         for_each = advanced_event_selector.value.fields
#         content {
#           field       = field_selector.value.field
#           equals      = try(field_selector.value.equals, null)
#           starts_with = try(field_selector.value.starts_with, null)
#           ends_with   = try(field_selector.value.ends_with, null)
#         }
#       }
#     }
#   }

locals {
  decoy_selectors = [
    {
      name = "Management events"
      fields = [
        { field = "eventCategory", equals = ["Management"] },
      ]
    },
${list.join('\n')}
  ]
}

output "decoy_selectors" {
  value = local.decoy_selectors
}
`;
}
