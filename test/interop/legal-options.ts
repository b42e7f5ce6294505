import fc from 'fast-check';
import { type ClusterOptions, PROFILES } from '../../src/index.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from '../../src/table/versions.ts';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';

const letters = (alphabet: string, size: { minLength: number; maxLength: number }): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet.split('')), ...size });

// RFC 1123: letters and digits at both ends, up to 63 characters. Capitals are compared in lower case.
const label = fc
  .tuple(
    letters(`${LOWER}ABC0123456789`, { minLength: 1, maxLength: 2 }),
    letters(`${LOWER}0123456789-`, { minLength: 0, maxLength: 60 }),
    letters(LOWER, { minLength: 1, maxLength: 1 }),
  )
  .map((parts) => parts.join(''));

const dnsName = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const wildcard = dnsName.map((name) => `*.${name}.example`);

// Addresses that a host can have.
const ipv4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((bytes) => bytes.join('.'));
const ipv6 = fc
  .tuple(
    fc.constantFrom(0x20_01, 0xfd_00, 0x24_0e),
    fc.array(fc.oneof(fc.constant(0), fc.nat(0xff_ff)), { minLength: 7, maxLength: 7 }),
  )
  .map(([head, tail]) => [head, ...tail].map((group) => group.toString(16)).join(':'));
const ip = fc.oneof(ipv4, ipv6);
// What an API server can announce.
const announced = ip.filter((address) => !/^(?:169\.254\.|fe80:)/.test(address));

const san = fc.oneof(dnsName, wildcard, ip);
const sans = fc.array(san, { maxLength: 3 });

const cidr4 = fc.tuple(ipv4, fc.integer({ min: 12, max: 28 })).map((parts) => parts.join('/'));
const cidr6 = fc.tuple(ipv6, fc.integer({ min: 108, max: 124 })).map((parts) => parts.join('/'));

const endpoint = fc
  .tuple(fc.oneof(dnsName, ip), fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }))
  .map(([host, port]) => {
    if (port === undefined) return host;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  });

const clusterName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => text === text.trim() && text !== '' && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text));

const validity = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('h', 'd', 'y', 'h30m'))
  .map((parts) => parts.join(''));

const anything: fc.Arbitrary<ClusterOptions> = fc.record(
  {
    profile: fc.constantFrom(...PROFILES),
    kubernetesVersion: fc
      .tuple(fc.integer({ min: OLDEST_MINOR, max: NEWEST_MINOR }), fc.constantFrom('', '.0', '.4', '.12'))
      .map(([minor, patch]) => `1.${minor}${patch}`),
    hostIp: fc.array(ip, { minLength: 1, maxLength: 3 }),
    hostname: dnsName,
    nodeName: dnsName,
    apiserverAdvertiseAddress: announced,
    apiserverBindPort: fc.integer({ min: 1, max: 65_535 }),
    controlPlaneEndpoint: endpoint,
    apiserverCertExtraSans: sans,
    etcdServerCertExtraSans: sans,
    etcdPeerCertExtraSans: sans,
    serviceCidr: fc.oneof(fc.tuple(cidr4), fc.tuple(cidr6), fc.tuple(cidr4, cidr6), fc.tuple(cidr6, cidr4)),
    serviceDnsDomain: dnsName,
    clusterName,
    externalEtcd: fc.boolean(),
    rootCa: fc.boolean(),
    certValidity: validity,
    caValidity: validity,
    notBeforeSkew: fc.constantFrom('0', '1s', '5m', '24h'),
  },
  { requiredKeys: ['hostIp', 'hostname'] },
);

/** Options of `init` that break no rule, with ECDSA-P256 keys. */
export const legalOptions: fc.Arbitrary<ClusterOptions> = anything.map(
  (options): ClusterOptions => ({
    ...options,
    keyAlgorithm: 'ECDSA-P256',
    // The kubeadm profile knows one name.
    ...(options.profile === 'kubeadm' ? { nodeName: undefined } : {}),
    ...(options.externalEtcd === true
      ? { etcdServerCertExtraSans: undefined, etcdPeerCertExtraSans: undefined }
      : {}),
  }),
);
