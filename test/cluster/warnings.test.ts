import { describe, expect, test } from '@jest/globals';
import { parseWith } from './outcome.ts';

const warningsWith = (options: object): unknown =>
  parseWith(options).warnings.map(({ option, value, rule }) => [option, value, rule]);

const LONG_NAME = `${'a'.repeat(52)}.x`;

describe('what can be done and is odd is warned of', () => {
  test.each([
    ['a loopback address', { hostIp: '127.0.0.1' }, [['host-ip', '127.0.0.1', 'is a loopback address']]],
    [
      'a loopback advertise address',
      { apiserverAdvertiseAddress: '127.0.1.1' },
      [['apiserver-advertise-address', '127.0.1.1', 'is a loopback address']],
    ],
    [
      'a loopback advertise address by itself',
      { hostIp: undefined, apiserverAdvertiseAddress: '127.0.0.1' },
      [['apiserver-advertise-address', '127.0.0.1', 'is a loopback address']],
    ],
    [
      'a host address among those of services',
      { hostIp: '10.0.0.5,10.100.0.5' },
      [['host-ip', '10.100.0.5', 'lies in the service network 10.96.0.0/12']],
    ],
    [
      'an advertise address of another family than the services',
      { hostIp: '2001:db8::5' },
      [
        [
          'service-cidr',
          undefined,
          'does not begin with an IPv6 network like the advertise address 2001:db8::5',
        ],
      ],
    ],
    [
      'service networks in the other order',
      { serviceCidr: 'fd00::/112,10.96.0.0/12' },
      [
        [
          'service-cidr',
          'fd00::/112,10.96.0.0/12',
          'does not begin with an IPv4 network like the advertise address 10.0.0.5',
        ],
      ],
    ],
    [
      'site-local services',
      { serviceCidr: '10.96.0.0/12,fec0::/112' },
      [['service-cidr', '10.96.0.0/12,fec0::/112', 'is of the site-local addresses, which RFC 3879 gave up']],
    ],
    [
      'a common name that is too long by RFC 5280',
      { nodeName: LONG_NAME },
      [['node-name', LONG_NAME, 'makes a common name of 66 characters, and RFC 5280 appendix A.1 allows 64']],
    ],
    [
      'certificates that are valid for longer than usual',
      { certValidity: '8760h1s' },
      [['cert-validity', '8760h1s', 'is longer than the usual 8760h']],
    ],
    [
      'CAs that are valid for longer than usual',
      { caValidity: '11y' },
      [['ca-validity', '11y', 'is longer than the usual 87600h']],
    ],
    [
      'certificates that would outlive their CA',
      { caValidity: '30d' },
      [['cert-validity', undefined, 'is longer than --ca-validity']],
    ],
  ])('%s', (_, options, warnings) => {
    expect(warningsWith(options)).toEqual(warnings);
  });

  test.each([
    ['a common name of 64 characters', { nodeName: LONG_NAME.slice(2) }],
    ['periods as long as usual', { certValidity: '1y', caValidity: '10y' }],
    ['certificates that end with their CA', { certValidity: '30d', caValidity: '30d' }],
    ['dual stack', { hostIp: '2001:db8::5', serviceCidr: 'fd00::/112,10.96.0.0/12' }],
    ['a feature gate of kubeadm elsewhere', { keyAlgorithm: 'ECDSA-P256', kubernetesVersion: '1.30' }],
    ['link-local addresses', { hostIp: '169.254.0.5' }],
  ])('but not %s', (_, options) => {
    expect(warningsWith(options)).toEqual([]);
  });
});
