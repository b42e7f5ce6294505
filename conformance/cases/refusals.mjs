// What kubeadm's validation refuses is refused here, and what it takes is taken; exceptions are listed with reasons.
import { isPkiError } from '../../dist/index.js';
import { parseClusterSpec } from '../../dist/cluster/parse.js';
import { layOut } from '../kubeadm.mjs';
import { run } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { hasChoices, optionsOf } from '../requests.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };

const LONG_LABEL = `${'a'.repeat(64)}.example`;
/** Behind `kubernetes.default.svc.` more than the 253 characters of a name. */
const LONG_DOMAIN = `${'a.'.repeat(115)}a`;

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
  LONG_LABEL,
  `${'a.'.repeat(126)}a`,
  `${'a.'.repeat(126)}ab`,
];

const SAN_FIELDS = ['apiserverCertExtraSans', 'etcdServerCertExtraSans', 'etcdPeerCertExtraSans'];

const ofSans = (values) => Object.fromEntries(SAN_FIELDS.map((field) => [field, values]));

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
    LONG_LABEL,
    ' cp1 ',
  ],
  serviceDnsDomain: [
    LONG_LABEL,
    LONG_DOMAIN,
    'a',
    'Cluster.Local',
    'cluster_local',
    '.local',
    'local.',
    '*.local',
    '1.2.3',
    'a b',
  ],
  serviceCidr: [
    '10.96.0.0/12',
    '10.96.0.0/11',
    '10.96.0.12/24',
    '10.96.0.0/28',
    '10.96.0.0/29',
    '10.96.0.0/33',
    '10.96.0.0',
    '010.96.0.0/12',
    '10.96.0.0/012',
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
    LONG_LABEL,
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
    'fe80::1',
    '169.254.1.1',
    '224.0.0.1',
    '255.255.255.255',
  ],
  keyAlgorithm: ['RSA-1024', 'RSA-3072', 'rsa-2048', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'foo'],
  certValidity: ['8760h', '43800h30m', '1.5h', '1d', '1', 'h', '0s', '-1h', ' 1h', '30s', '1us', '.5h'],
  caValidity: ['87600h', '1.5h', '10y', '0s', '-1h'],
};
/** Fields that came with v1beta4. */
const SINCE_1_31 = ['keyAlgorithm', 'certValidity', 'caValidity'];

const LEADING_ZERO_SANS = ['192.0.2.07'];
const SHORT_PERIODS = ['0s', '-1h', '30s', '1us', '.5h'];

/** Where one side is stricter, by the ids of docs/differences.md: `refusedBy` says which, `of` what of each field it refuses. */
const EXCEPTIONS = [
  {
    id: 'numeric-names',
    refusedBy: 'here',
    of: {
      ...ofSans(['192.0.2', '192.0.2.256', '*.0.2.7']),
      hostname: ['1', '192.0.2.10'],
      serviceDnsDomain: ['1.2.3'],
      controlPlaneEndpoint: ['259.2.3.4', '1.2.34'],
    },
  },
  {
    id: 'leading-zeros',
    refusedBy: 'here',
    of: {
      ...ofSans(LEADING_ZERO_SANS),
      serviceCidr: ['010.96.0.0/12', '10.96.0.0/012'],
      controlPlaneEndpoint: ['192.0.2.01', 'lb:06443'],
      advertiseAddress: ['192.0.2.010'],
    },
  },
  {
    id: 'long-names',
    refusedBy: 'here',
    of: {
      ...ofSans([LONG_LABEL]),
      hostname: [LONG_LABEL],
      serviceDnsDomain: [LONG_LABEL, LONG_DOMAIN],
      controlPlaneEndpoint: [LONG_LABEL],
    },
  },
  { id: 'mapped-networks', refusedBy: 'here', of: { serviceCidr: ['::ffff:10.96.0.0/112'] } },
  { id: 'endpoint-forms', refusedBy: 'here', of: { controlPlaneEndpoint: ['lb:', '[lb]:6443'] } },
  { id: 'short-periods', refusedBy: 'here', of: { certValidity: SHORT_PERIODS, caValidity: ['0s', '-1h'] } },
  {
    id: 'cluster-names',
    refusedBy: 'here',
    of: { clusterName: [' a', 'a ', '\u00a0', 'a\tb', 'a\nb', 'a\u200bb', 'a'.repeat(254)] },
  },
  { id: 'white-space', refusedBy: 'here', of: { hostname: [' cp1 '] } },
  {
    id: 'etcd-san-case',
    refusedBy: 'kubeadm',
    of: {
      etcdServerCertExtraSans: ['API.example.com'],
      etcdPeerCertExtraSans: ['API.example.com'],
      serviceDnsDomain: ['Cluster.Local'],
      controlPlaneEndpoint: ['LB.example.com'],
    },
  },
  { id: 'days-and-years', refusedBy: 'kubeadm', of: { certValidity: ['1d'], caValidity: ['10y'] } },
];

/** Each pair of a field and a value that is listed: `{ id, refusedBy, field, value }`. */
const LISTED = EXCEPTIONS.flatMap(({ id, refusedBy, of }) =>
  Object.entries(of).flatMap(([field, values]) => values.map((value) => ({ id, refusedBy, field, value }))),
);

const isAbout = (field, value) => (pair) => pair.field === field && pair.value === String(value);

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
      const listed = LISTED.filter(isAbout(field, value)).find((pair) => pair.refusedBy === refusedBy);
      if (listed !== undefined) seen.add(listed);
      else
        failures.push(
          `${field} ${JSON.stringify(value)} is refused by ${refusedBy} alone; kubeadm: ${theirs.output}`,
        );
    }
    const asked = LISTED.filter(({ field }) => isWhole || !SINCE_1_31.includes(field));
    for (const { id, field, value } of asked.filter((pair) => !seen.has(pair)))
      failures.push(`${field} ${JSON.stringify(value)} is listed as ${id}, and both take or refuse it`);
    const differences = new Set([...seen].map(({ id }) => id));
    return { checks, failures, differences };
  },
}));
