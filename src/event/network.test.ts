import {expect, test} from 'vitest';
import {AsnTable} from './asn-table.ts';
import {parseIp} from './ip.ts';
import {networkOf} from './network.ts';

test.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['10.1.2.3', 'private:10.1.0.0/16'],
  ['172.31.0.1', 'private:172.31.0.0/16'],
  ['172.32.0.1', '172.32.0.0/24'],
  ['100.64.0.1', 'private'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['2001:DB8::1', '2001:db8::/48'],
  ['::ffff:203.0.113.9', '203.0.113.0/24'],
  ['64:ff9b::cb00:7109', '203.0.113.0/24'],
  ['fd12::1', 'private'],
  ['fe80::1%eth0', 'private'],
  ['::1', 'private'],
  ['AWS Internal', 'aws-internal'],
  ['secretsmanager.amazonaws.com', 'aws-service'],
  ['1.2.3.400', 'other'],
  ['1::2::3', 'other'],
  ['bar', 'other'],
  ['', '-'],
])('%s is %s', (sourceIPAddress, network) => {
  expect(networkOf({sourceIPAddress})).toBe(network);
});

test('a VPC endpoint says more than the address behind it', () => {
  expect(networkOf({sourceIPAddress: '10.0.0.4', vpcEndpointId: 'vpce-0Abc'})).toBe('vpce-0abc');
});

test('reads addresses by RFC 4291', () => {
  expect(parseIp('1:2:3:4:5:6:7:8')?.words).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(parseIp('1::8')?.words).toEqual([1, 0, 0, 0, 0, 0, 0, 8]);
  for (const bad of [
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    '1.2.3.4::',
    ':1',
    '1:',
    '',
  ]) {
    expect(parseIp(bad), bad).toBeUndefined();
  }
});

test('an ASN table answers with the narrowest range', () => {
  const {table, problems} = AsnTable.parse(
    'start,end,asn\n203.0.0.0/8,AS64500\n203.0.113.0,203.0.113.255,64501\n2001:db8::/32,64502\nx,1\n',
  );
  expect(problems).toEqual([{line: 5, message: 'Not an address: "x"'}]);
  const of = (sourceIPAddress: string) => networkOf({sourceIPAddress}, table);
  expect(of('203.0.112.255')).toBe('AS64500');
  expect(of('203.0.113.0')).toBe('AS64501');
  expect(of('203.0.114.0')).toBe('AS64500');
  expect(of('204.0.0.0')).toBe('204.0.0.0/24');
  expect(of('2001:db8:ffff::1')).toBe('AS64502');
  expect(of('2001:db9::1')).toBe('2001:db9::/48');
});
