import type {Components} from '../method.ts';

/** An event for tests: everything usual but what is given. */
export function event(given: Partial<Components> = {}): Components {
  return {
    principal: '1:user/ann',
    kind: 'user',
    peer: 'user:',
    account: '1',
    region: 'eu-west-1',
    service: 's3',
    operation: 's3:ListBuckets',
    network: '203.0.113.0/24',
    userAgent: 'aws-cli',
    error: '-',
    resource: '-',
    hour: 'h3',
    ...given,
  };
}
