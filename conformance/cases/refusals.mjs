// What kubeadm's validation refuses is refused here, and what it takes is taken; exceptions are listed with reasons.
import { isPkiError } from '../../dist/index.js';
import { parseClusterSpec } from '../../dist/cluster/parse.js';
import { layOut } from '../kubeadm.mjs';
import { run } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { hasChoices, optionsOf } from '../requests.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };

const SANS = [
  'a.example.com',
  'API.example.com',
  '*.example.com',
  '*.abc',
  '**.example.com',
  '*.*.example.com',
  'a.*.example.com',
  'a*.example.com',
  '*',
  '*.',
  'a_b.example.com',
  '-a.example.com',
  'a-.example.com',
  'a..example.com',
  '.example.com',
  'example.com.',
  'bücher.example',
  'a b',
  'a.example.com:6443',
  'https://a.example.com',
  '192.0.2.7',
  '192.0.2.7:6443',
  '192.0.2.0/24',
  '192.0.2',
  '192.0.2.256',
  '192.0.2.07',
  '*.0.2.7',
  '2001:db8::7',
  '[2001:db8::7]',
  '2001:db8:::7',
  '2001:db8::12345',
  'fe80::1%eth0',
  `${'a'.repeat(63)}.example`,
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(126)}a`,
  `${'a.'.repeat(126)}ab`,
];

const SAN_FIELDS = ['apiserverCertExtraSans', 'etcdServerCertExtraSans', 'etcdPeerCertExtraSans'];

/** The values of each field, one at a time in a request that is otherwise sound. */
const VALUES = {
  ...Object.fromEntries(SAN_FIELDS.map((field) => [field, SANS.map((san) => [san])])),
  hostname: [
    'CP1',
    'cp1.example.com',
    '1',
    '192.0.2.10',
    'cp1.',
    '-cp1',
    'cp_1',
    'cp?',
    'c p',
    `${'a.'.repeat(126)}ab`,
  ],
  serviceDnsDomain: ['a', 'Cluster.Local', 'cluster_local', '.local', 'local.', '*.local', '1.2.3', 'a b'],
  serviceCidr: [
    '10.96.0.0/12',
    '10.96.0.0/11',
    '10.96.0.12/24',
    '10.96.0.0/28',
    '10.96.0.0/29',
    '10.96.0.0/33',
    '10.96.0.0',
    '010.96.0.0/12',
    'fd00::/108',
    'fd00::/107',
    'fd00::/124',
    'fd00::/125',
    'fec0::/112',
    '::ffff:10.96.0.0/112',
    '10.96.0.0/16,fd00::/112',
    '10.96.0.0/16,10.97.0.0/16',
    'fd00::/112,fd01::/112',
    '10.96.0.0/16,fd00::/112,10.97.0.0/16',
    '10.96.0.0/16,',
    ',10.96.0.0/16',
    '10.96.0.0/16, fd00::/112',
    'a',
  ],
  controlPlaneEndpoint: [
    'lb',
    'LB.example.com',
    'lb:1',
    'lb:0',
    'lb:65535',
    'lb:65536',
    'lb:-1',
    'lb:http',
    'lb:',
    ':6443',
    'lb:6443:1',
    'lb.',
    'l_b',
    '*.example.com',
    'https://lb:6443',
    'lb:06443',
    '192.0.2.1',
    '192.0.2.1:6443',
    '192.0.2.01',
    '259.2.3.4',
    '1.2.34',
    '1..0',
    '2001:db8::1',
    '[2001:db8::1]',
    '[2001:db8::1]:6443',
    '2001:db8:1',
    '[lb]:6443',
  ],
  clusterName: [
    'east',
    'East 1',
    ' a',
    'a ',
    '\u00a0',
    'a\tb',
    'a\nb',
    'a\u200bb',
    'a'.repeat(253),
    'a'.repeat(254),
  ],
  // 0 and '' are for kubeadm not given; unspecified and loopback addresses make it choose one of the machine's.
  apiserverBindPort: [1, 65_535, 65_536, -1],
  advertiseAddress: [
    '192.0.2.010',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.10/24',
    'cp1',
    '2001:db8::10',
    '[2001:db8::10]',
    '2001:db8:::1',
  ],
  keyAlgorithm: ['RSA-1024', 'RSA-3072', 'rsa-2048', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'foo'],
  certValidity: ['8760h', '43800h30m', '1.5h', '1d', '1', 'h', '0s', '-1h', ' 1h'],
  caValidity: ['87600h', '1.5h', '10y', '0s', '-1h'],
};
/** Fields that came with v1beta4. */
const SINCE_1_31 = ['keyAlgorithm', 'certValidity', 'caValidity'];

/** Where one side is stricter: `refusedBy` says which; `id`: the entry of docs/differences.md, where there is one. */
const EXCEPTIONS = [
  {
    id: 'numeric-names',
    refusedBy: 'here',
    fields: [...SAN_FIELDS, 'hostname', 'serviceDnsDomain', 'controlPlaneEndpoint'],
    values: ['192.0.2', '192.0.2.256', '*.0.2.7', '1', '192.0.2.10', '1.2.3', '259.2.3.4', '1.2.34'],
    reason: 'a host name does not end in a number (RFC 1123 2.1)',
  },
  {
    refusedBy: 'here',
    fields: [...SAN_FIELDS, 'serviceCidr', 'controlPlaneEndpoint', 'advertiseAddress'],
    values: ['192.0.2.07', '010.96.0.0/12', '192.0.2.01', '192.0.2.010'],
    reason: 'a leading zero means octal to some readers and nothing to others (RFC 6943 3.1.1)',
  },
  {
    refusedBy: 'here',
    fields: SAN_FIELDS,
    values: [`${'a'.repeat(64)}.example`],
    reason: 'a label has 63 octets at most (RFC 1035 2.3.4)',
  },
  {
    refusedBy: 'here',
    fields: ['serviceCidr'],
    values: ['::ffff:10.96.0.0/112'],
    reason: 'IPv4-mapped addresses stand for IPv4 nodes, they are no network (RFC 4291 2.5.5.2)',
  },
  {
    refusedBy: 'here',
    fields: ['controlPlaneEndpoint'],
    values: ['lb:', 'lb:06443', '[lb]:6443'],
    reason: 'a port is digits without leading zeros, and brackets hold an IPv6 address (RFC 3986 3.2.2)',
  },
  {
    refusedBy: 'here',
    fields: ['certValidity', 'caValidity'],
    values: ['0s', '-1h'],
    reason: 'what has ended when it is issued is no use to anybody',
  },
  {
    refusedBy: 'here',
    fields: ['clusterName'],
    values: [' a', 'a ', '\u00a0', 'a\tb', 'a\nb', 'a\u200bb', 'a'.repeat(254)],
    reason: 'a name of clusters is one line of what can be seen, 253 characters at most',
  },
  {
    id: 'etcd-san-case',
    refusedBy: 'kubeadm',
    fields: ['etcdServerCertExtraSans', 'etcdPeerCertExtraSans', 'serviceDnsDomain', 'controlPlaneEndpoint'],
    values: ['API.example.com', 'Cluster.Local', 'LB.example.com'],
    reason: 'DNS names are compared without case (RFC 4343)',
  },
  {
    refusedBy: 'kubeadm',
    fields: ['certValidity', 'caValidity'],
    values: ['1d', '10y'],
    reason: 'days and years are units here too',
  },
];

function exceptionFor(field, value, refusedBy) {
  return EXCEPTIONS.find(
    (exception) =>
      exception.refusedBy === refusedBy &&
      exception.fields.includes(field) &&
      exception.values.includes(String(value)),
  );
}

function isTakenHere(request, version) {
  try {
    parseClusterSpec(optionsOf(request, version), {});
    return true;
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return false;
    throw error;
  }
}

export const cases = KUBEADM_VERSIONS.map((version) => ({
  id: `refusals: bad and odd values, kubeadm ${version}`,
  needs: [`kubeadm-${version}`],
  run: async ({ makeFolder, program }) => {
    const isWhole = hasChoices(version);
    const failures = [];
    const seen = new Set();
    let checks = 0;
    const ask = (request) => {
      checks += 1;
      const { config } = layOut(makeFolder(), { request, version });
      // The cheapest phase that reads the whole configuration, in every release.
      return run(program(`kubeadm-${version}`), ['init', 'phase', 'certs', 'ca', ...config]);
    };
    const { status, output } = ask(REQUEST);
    // Else every refusal below would be one for another reason.
    if (status !== 0) throw new Error(`kubeadm refuses the request that all others are made of: ${output}`);
    for (const [field, value] of Object.entries(VALUES).flatMap(([key, values]) =>
      values.map((each) => [key, each]),
    )) {
      if (SINCE_1_31.includes(field) && !isWhole) continue;
      const request = { ...REQUEST, [field]: value };
      const theirs = ask(request);
      const isTakenThere = theirs.status === 0;
      if (isTakenThere === isTakenHere(request, version)) continue;
      const refusedBy = isTakenThere ? 'here' : 'kubeadm';
      const exception = exceptionFor(field, value, refusedBy);
      if (exception !== undefined) seen.add(exception);
      else
        failures.push(
          `${field} ${JSON.stringify(value)} is refused by ${refusedBy} alone; kubeadm: ${theirs.output}`,
        );
    }
    const asked = EXCEPTIONS.filter(
      ({ fields }) => isWhole || !fields.every((field) => SINCE_1_31.includes(field)),
    );
    for (const { reason } of asked.filter((exception) => !seen.has(exception)))
      failures.push(`the exception is listed and was never seen: ${reason}`);
    const differences = [...seen].flatMap(({ id }) => id ?? []);
    const reasons = [...seen].map(({ reason }) => reason);
    return { checks, failures, differences, note: reasons.join('; ') };
  },
}));
