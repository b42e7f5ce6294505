import { describe, expect, test } from '@jest/globals';
import {
  isInside,
  parseAdvertiseAddress,
  parseHostAddress,
  parseServiceCidr,
  serviceAddress,
} from '../../src/cluster/address.ts';

const hintOf = (parsed: object): unknown => ('hint' in parsed ? parsed.hint : undefined);

describe('the address of a host', () => {
  test.each([
    ['10.0.0.5', '10.0.0.5'],
    ['2001:0DB8:0:0::5', '2001:db8::5'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['::FFFF:0a00:5', '10.0.0.5'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['223.255.255.255', '223.255.255.255'],
    ['240.0.0.1', '240.0.0.1'],
  ])('is taken as %s', (text, value) => {
    expect(parseHostAddress(text)).toEqual({ value });
  });

  // kubeadm's TestValidateIPFromString among them.
  test.each([
    '',
    '1234',
    '1.2',
    '1.2.3.4/16',
    '999.1.1.1',
    '010.0.0.5',
    '2001:dg::1',
    '2001:db8:1',
    'cp1',
    '[::1]',
  ])('is refused as %j', (text) => {
    expect(parseHostAddress(text)).toHaveProperty('rule', 'must be an IPv4 or IPv6 address');
  });

  test.each([
    ['0.0.0.0', 'the unspecified address'],
    ['::', 'the unspecified address'],
    ['::ffff:0.0.0.0', 'the unspecified address'],
    ['224.0.0.1', 'a multicast address'],
    ['239.255.255.255', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'the broadcast address'],
  ])('is not %s, %s', (text, what) => {
    expect(parseHostAddress(text)).toHaveProperty('rule', `must be the address of one host, not ${what}`);
  });

  test.each([
    ['10.0.0.5/24', 'did you mean 10.0.0.5'],
    ['[2001:db8::5]', 'did you mean 2001:db8::5'],
    ['fe80::5%eth0', 'did you mean fe80::5'],
    ['10.0.0.5:6443', 'did you mean 10.0.0.5'],
    ['010.0.0.05', 'did you mean 10.0.0.5'],
    ['https://10.0.0.5:6443', 'did you mean 10.0.0.5'],
    ['999.1.1.1', 'for a name use --apiserver-cert-extra-sans'],
    ['cp1.example.com', 'for a name use --apiserver-cert-extra-sans'],
  ])('has a hint for %s', (text, hint) => {
    expect(hintOf(parseHostAddress(text))).toBe(hint);
  });
});

describe('the address that the API server announces', () => {
  test.each(['169.254.1.1', 'fe80::1', '::ffff:169.254.1.1'])('is not %s, which is link-local', (text) => {
    expect(parseAdvertiseAddress(text)).toHaveProperty(
      'rule',
      'must be an address that other networks reach, not a link-local one',
    );
  });

  test.each(['10.0.0.5', '169.253.255.255', 'fec0::1', '127.0.0.1'])('may be %s', (text) => {
    expect(parseAdvertiseAddress(text)).toEqual({ value: text });
  });

  test('is an address of a host', () => {
    expect(parseAdvertiseAddress('0.0.0.0')).toEqual(parseHostAddress('0.0.0.0'));
  });
});

describe('service networks', () => {
  test.each([
    ['10.96.0.0/12', '10.96.0.0', 12, 4],
    ['10.96.0.12/24', '10.96.0.0', 24, 4],
    ['10.96.255.12/28', '10.96.255.0', 28, 4],
    ['10.111.255.255/12', '10.96.0.0', 12, 4],
    ['fd00:10:96::1234/112', 'fd00:10:96::', 112, 6],
    ['FD00:10:96::/108', 'fd00:10:96::', 108, 6],
    ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/124', '2001:db8:ffff:ffff:ffff:ffff:ffff:fff0', 124, 6],
  ])('takes %s', (text, address, prefixLength, family) => {
    expect(parseServiceCidr(text)).toEqual({ value: { address, prefixLength, family } });
  });

  test.each([
    'foo',
    '10.96.0.0',
    '10.96.0.0/',
    '10.96.0.0/33',
    '10.96.0.0/012',
    '10.96.0.0/-1',
    '10.96.0.0/12/12',
    '10.96.0.0/1e1',
    '10.96.0/12',
    '010.96.0.0/12',
    '/12',
    'fd00::/129',
    'fe80::%eth0/112',
    '::ffff:10.96.0.0/108',
    '::ffff:10.96.0.0/12',
  ])('refuses %s', (text) => {
    expect(parseServiceCidr(text)).toHaveProperty('rule', 'must be a network in CIDR notation');
  });

  // kubeadm's TestValidateIPNetFromString and TestValidateServiceSubnetSize among them.
  test.each([
    ['10.96.0.0/29', 'must hold at least 10 addresses', '/28 or larger'],
    ['10.96.0.0/32', 'must hold at least 10 addresses', '/28 or larger'],
    ['fd00::/125', 'must hold at least 10 addresses', '/124 or larger'],
    ['10.96.0.0/11', 'must not be larger than /12', '/12 or smaller'],
    ['10.96.0.0/2', 'must not be larger than /12', '/12 or smaller'],
    ['0.0.0.0/0', 'must not be larger than /12', '/12 or smaller'],
    ['fd00::/12', 'must not be larger than /108', '/108 or smaller'],
    ['fd00::/64', 'must not be larger than /108', '/108 or smaller'],
    ['fd00::/107', 'must not be larger than /108', '/108 or smaller'],
  ])('refuses the size of %s', (text, rule, hint) => {
    expect(parseServiceCidr(text)).toEqual({ rule, hint });
  });

  test.each([
    ['10.96.0.0', 'for example 10.96.0.0/12'],
    ['fd00:10:96::', 'for example fd00:10:96::/108'],
    ['foo', 'for example 10.96.0.0/12'],
  ])('has a hint for %s', (text, hint) => {
    expect(hintOf(parseServiceCidr(text))).toBe(hint);
  });

  // kubeadm's TestGetAPIServerVirtualIP.
  test.each([
    ['10.96.0.12/24', '10.96.0.1'],
    ['10.96.0.0/12', '10.96.0.1'],
    ['192.168.10.128/26', '192.168.10.129'],
    ['fd03::/112', 'fd03::1'],
    ['2001:db8::fff0/124', '2001:db8::fff1'],
  ])('of %s give the API server %s', (text, address) => {
    const parsed = parseServiceCidr(text);
    expect('value' in parsed && serviceAddress(parsed.value)).toBe(address);
  });

  test('throw where they are none', () => {
    const cidr = { address: 'foo', prefixLength: 12, family: 4 } as const;
    expect(() => serviceAddress(cidr)).toThrow(RangeError);
  });

  test.each([
    ['10.96.0.0', true],
    ['10.111.255.255', true],
    ['10.112.0.0', false],
    ['10.95.255.255', false],
    ['::a60:0', false],
    ['', false],
  ])('tell whether they hold %j', (address, expected) => {
    expect(isInside(address, { address: '10.96.0.0', prefixLength: 12, family: 4 })).toBe(expected);
  });
});
