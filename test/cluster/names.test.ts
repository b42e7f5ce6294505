import { describe, expect, test } from '@jest/globals';
import { parseEndpoint, parsePort } from '../../src/cluster/endpoint.ts';
import {
  parseClusterName,
  parseDnsName,
  parseNodeName,
  parseServiceDomain,
} from '../../src/cluster/names.ts';
import { parseSan } from '../../src/cluster/sans.ts';

const LABEL_63 = 'a'.repeat(63);
const NAME_253 = `${LABEL_63}.${LABEL_63}.${LABEL_63}.${'a'.repeat(61)}`;

const hintOf = (parsed: object): unknown => ('hint' in parsed ? parsed.hint : undefined);

describe('DNS names', () => {
  test.each(['a', 'cp1', 'cp-1.example.com', '1a', 'a.1b', LABEL_63, NAME_253, 'xn--bcher-kva.example'])(
    'takes %s',
    (name) => {
      expect(parseDnsName(name)).toEqual({ value: name });
      expect(parseNodeName(name)).toEqual({ value: name });
    },
  );

  test('are put into lower case', () => {
    expect(parseDnsName('API.Example.COM')).toEqual({ value: 'api.example.com' });
    expect(parseNodeName('CP1')).toEqual({ value: 'cp1' });
  });

  test.each([
    '',
    '-a',
    'a-',
    'a..b',
    '.a',
    'a.',
    'a_b',
    'a?',
    'a b',
    'a, O=system:masters',
    'a\0',
    'a\n',
    'bücher.example',
    // The Kelvin sign, which becomes the letter k in lower case.
    '\u212A8s',
    '*.example.com',
    'https://a',
    'a'.repeat(64),
    `${NAME_253}a`,
  ])('refuses %j', (name) => {
    expect(parseDnsName(name)).toHaveProperty('rule', 'must be a DNS name (RFC 1123 subdomain)');
    expect(parseNodeName(name)).toHaveProperty('rule', 'must be a DNS name (RFC 1123 subdomain)');
  });

  // kubeadm takes these for names; kubeadm.md 2.2.
  test.each(['259.2.3.4', '1.2.34', '999.1.1.1', '1234', 'a.1', '10.0.0.5'])(
    'refuses %s, which ends in a number, unless a node is called so',
    (name) => {
      expect(parseDnsName(name)).toHaveProperty('rule', expect.stringContaining('never ends in a number'));
      expect(parseNodeName(name)).toEqual({ value: name });
    },
  );

  test.each([
    ['https://lb.example.com:6443/x', 'did you mean lb.example.com'],
    ['lb.example.com.', 'did you mean lb.example.com'],
    ['*.example.com', 'wildcards belong in --apiserver-cert-extra-sans'],
    ['My_Host', expect.stringContaining('letters, digits, - and . only')],
  ])('says what to give instead of %s', (name, hint) => {
    expect(hintOf(parseDnsName(name))).toEqual(hint);
  });
});

describe('the DNS domain of services', () => {
  test('leaves room for the name of the API server before it', () => {
    expect(parseServiceDomain(NAME_253.slice(-230))).toHaveProperty('value');
    expect(parseServiceDomain(NAME_253.slice(-231))).toHaveProperty('rule', expect.stringContaining('230'));
  });
});

describe('cluster names', () => {
  test.each(['east', 'a, O=system:masters', 'Ost-Cluster № 1', '東京', 'x'.repeat(253)])(
    'takes %s',
    (name) => {
      expect(parseClusterName(name)).toEqual({ value: name });
    },
  );

  test.each([
    'a\uFFFF',
    'a\uFFFE',
    'a\nb',
    'a\0',
    '\u001b[31m',
    'a\u202Eb',
    'a\u2028b',
    '\uD800',
    'x'.repeat(254),
  ])('refuses %j', (name) => {
    expect(parseClusterName(name)).toHaveProperty('rule');
  });
});

describe('additional names', () => {
  test.each([
    ['API.Example.COM', 'dns', 'api.example.com'],
    ['*.API.example.com', 'dns', '*.api.example.com'],
    // pkiutil's TestAppendSANsToAltNames.
    ['*.abc', 'dns', '*.abc'],
    ['198.51.100.7', 'ip', '198.51.100.7'],
    ['2001:DB8:0::7', 'ip', '2001:db8::7'],
    ['::ffff:198.51.100.7', 'ip', '198.51.100.7'],
    ['0.0.0.0', 'ip', '0.0.0.0'],
  ])('takes %s', (text, kind, value) => {
    expect(parseSan(text)).toEqual({ value: { kind, value } });
  });

  test.each(['**.abc', 'a.*.bc', 'a*.bc', '*.*.abc', '*', '*.', '*.1', '*.10.0.0.5', 'a@b', `*.${NAME_253}`])(
    'refuses %s',
    (text) => {
      expect(parseSan(text)).toHaveProperty(
        'rule',
        'must be an IP address, a DNS name or a wildcard DNS name',
      );
    },
  );

  test.each([
    ['https://api.example.com:6443/healthz', 'did you mean api.example.com'],
    ['api.example.com:6443', 'did you mean api.example.com'],
    ['198.51.100.7:6443', 'did you mean 198.51.100.7'],
    ['[2001:db8::7]:6443', 'did you mean 2001:db8::7'],
    ['198.51.100.0/24', 'did you mean 198.51.100.0'],
    ['fe80::1%eth0', 'did you mean fe80::1'],
    ['198.051.100.007', 'did you mean 198.51.100.7'],
    ['999.1.1.1', 'for example 192.0.2.7, api.example.com or *.api.example.com'],
  ])('says what to give instead of %s', (text, hint) => {
    expect(hintOf(parseSan(text))).toBe(hint);
  });
});

describe('ports', () => {
  test.each(['1', '6443', '65535'])('takes %s', (text) => {
    expect(parsePort(text)).toEqual({ value: Number(text) });
  });

  // kubeadm's TestParsePort and TestValidateAPIEndpoint among them.
  test.each(['0', '-1234', '65536', '65538', '06443', '6443.0', '1e3', '0x1', 'http', '1 '])(
    'refuses %j',
    (text) => {
      expect(parsePort(text)).toHaveProperty('rule', 'must be a port from 1 to 65535');
    },
  );
});

describe('the control-plane endpoint', () => {
  // kubeadm's endpoint_test.go: TestGetControlPlaneEndpoint, TestParseHostPort.
  test.each([
    ['cp.k8s.io', { host: 'cp.k8s.io' }],
    ['cp.k8s.io:8081', { host: 'cp.k8s.io', port: 8081 }],
    ['CP.k8s.io:8081', { host: 'cp.k8s.io', port: 8081 }],
    ['1.2.3.4', { host: '1.2.3.4' }],
    ['1.2.3.4:8081', { host: '1.2.3.4', port: 8081 }],
    ['2001:db7::1', { host: '2001:db7::1' }],
    ['[2001:DB7:0::1]:8081', { host: '2001:db7::1', port: 8081 }],
    ['[::ffff:1.2.3.4]:8081', { host: '1.2.3.4', port: 8081 }],
  ])('takes %s', (text, value) => {
    expect(parseEndpoint(text)).toEqual({ value });
  });

  test.each([
    ['bad!!.cp.k8s.io', 'must be host or host:port'],
    ['1..0', 'must be host or host:port'],
    ['a.*.b:6443', 'must be host or host:port'],
    ['*.example.com', 'must be host or host:port'],
    ['1:db7:1', 'must be host or host:port'],
    ['2001:db7:1', 'must be host or host:port'],
    ['[2001:db7:1]:6443', 'must be host or host:port'],
    ['[1.2.3.4]:6443', 'must be host or host:port'],
    ['[cp.k8s.io]:6443', 'must be host or host:port'],
    ['[2001:db8::1%eth0]:6443', 'must be host or host:port'],
    ['[2001:db8::1', 'must be host or host:port'],
    ['[]:6443', 'must be host or host:port'],
    [':6443', 'must be host or host:port'],
    // Names by kubeadm's rules.
    ['259.2.3.4:6443', 'must be host or host:port'],
    ['1.2.34', 'must be host or host:port'],
    ['[2001:db8::1]', 'must have a port from 1 to 65535 after the brackets'],
    ['[2001:db8::1]:', 'must have a port from 1 to 65535 after the colon'],
    ['cp.k8s.io:', 'must have a port from 1 to 65535 after the colon'],
    ['cp.k8s.io:0', 'must have a port from 1 to 65535 after the colon'],
    ['cp.k8s.io:-1', 'must have a port from 1 to 65535 after the colon'],
    ['cp.k8s.io:65536', 'must have a port from 1 to 65535 after the colon'],
    ['cp.k8s.io:http', 'must have a port from 1 to 65535 after the colon'],
    ['cp.k8s.io:6443:1', 'must have a port from 1 to 65535 after the colon'],
    ['https://cp.k8s.io:6443', 'must be host or host:port'],
  ])('refuses %s', (text, rule) => {
    expect(parseEndpoint(text)).toHaveProperty('rule', expect.stringContaining(rule));
  });

  test.each([
    ['https://LB.example.com:6443/', 'did you mean LB.example.com:6443'],
    ['https://[2001:db8::1]', 'leave scheme and path out: lb.example.com:6443'],
    ['[2001:db8::1]', '[2001:db8::1]:6443, or 2001:db8::1 without brackets'],
    ['[cp.k8s.io]:6443', 'brackets are for an IPv6 address: [2001:db8::1]:6443'],
    ['*.example.com', 'wildcards belong in --apiserver-cert-extra-sans'],
    ['cp.k8s.io:0', 'for example 6443'],
  ])('says what to give instead of %s', (text, hint) => {
    expect(hintOf(parseEndpoint(text))).toBe(hint);
  });
});
