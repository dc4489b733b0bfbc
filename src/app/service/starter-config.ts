import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError} from '../../base/errors.ts';

export const CONFIG_NAME = 'oddtrail.yml';

/**
 * A configuration to start from. Sentences stand after "# ", settings to switch on after "#" alone;
 * with all of these switched on it is a configuration still.
 */
export const STARTER_CONFIG = `# Oddtrail's configuration. Every setting: docs/configuration.md
# \${NAME} puts in a variable of the environment: keep secrets there, not here.
# See what is wrong with it: oddtrail check -c oddtrail.yml --connect
# Run it:                    oddtrail run -c oddtrail.yml

# Journal, model and store. For one process alone, on a disk of its own machine.
data_dir: oddtrail-data

# Where CloudTrail's records come from; as many as you like.
sources:
  # A folder that log files are put into, at any depth.
  - name: files
    type: directory
    path: logs

  # A trail's bucket, found by notifications of new objects in a queue: the usual way.
  # (S3 event notifications -> SQS, S3 -> SNS -> SQS, or EventBridge -> SQS)
  #- name: queue
  #  type: sqs
  #  queue_url: https://sqs.eu-central-1.amazonaws.com/111122223333/cloudtrail
  #  region: eu-central-1

  # A trail's bucket by listing it: nothing to set up, a minute later; also for what is there already.
  #- name: bucket
  #  type: s3
  #  bucket: my-cloudtrail-bucket
  #  region: eu-central-1
  #  since: 30d

  # CloudTrail's own history of 90 days: no trail needed, management events alone.
  #- name: history
  #  type: lookup-events
  #  regions: [eu-central-1, us-east-1]

  # Pushed by EventBridge API destinations, Firehose or anything that speaks HTTP, to /push/push
  #- name: push
  #  type: http
  #  token: \${ODDTRAIL_PUSH_TOKEN}

# Scores: 1 event in 400 reaches 0.95, 1 in 10,000 reaches 0.99. The first weeks are all novelty:
# \`oddtrail backfill -c oddtrail.yml --since 30d\` learns what there is before it alerts.
alerts:
  destinations:
    - name: terminal
      type: console
      min_score: 0.99

    #- name: oncall
    #  type: pagerduty
    #  min_score: 0.99
    #  routing_key: \${PAGERDUTY_ROUTING_KEY}

    #- name: chat
    #  type: slack
    #  min_score: 0.95
    #  url: \${SLACK_WEBHOOK_URL}

    #- name: siem
    #  type: webhook
    #  min_score: 0.9
    #  url: https://siem.example.com/oddtrail
    #  secret: \${ODDTRAIL_WEBHOOK_SECRET}

# Declared detections, beside the score: what is to be told whoever does it. Packs run unless told
# otherwise; files of your own: docs/detections.md. Destinations take \`min_severity\`.
#detections:
#  packs: [questions, rates, root-and-mfa, sensitive, traps]
#  files: [detections]
#  overrides:
#    - id: a-detection-of-a-pack
#      mode: silent

# How long rows are kept, and from which score on the record itself is.
keep:
  observations: 365d
  records_from: 0.9

# The pages and the API. Any other address than this machine's own needs \`auth\` and TLS.
server:
  listen: 127.0.0.1:7433
  #public_url: https://oddtrail.example.com
  #auth:
  #  tokens: true

# Accounts of your own that no trail here comes from: sharing with them is not outside sharing.
#organisation_accounts: ["111122223333"]

# Of hours and working days; UTC unless told.
#time_zone: Europe/Berlin

# PostgreSQL instead of the store built in.
#store:
#  type: postgres
#  url: \${DATABASE_URL}
`;

/**
 * Writes a configuration to start from; the path of it. Never over one that is there.
 * @throws AppError `usage` if there is one, `output_unwritable`
 */
export async function writeStarterConfig(folder: string): Promise<string> {
  const path = join(folder, CONFIG_NAME);
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(STARTER_CONFIG);
    } finally {
      await handle.close();
    }
    return path;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    if (why === 'EEXIST') {
      throw new AppError('usage', `"${path}" is there already, and is left as it is`, {cause});
    }
    throw new AppError('output_unwritable', `Cannot write "${path}": ${why}`, {cause});
  }
}
