// `kubeconfig user` beside the real one's, and what an API server makes of those whom it lets in; `show join` beside the real line.
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CONTROL_PLANE_PROGRAMS, withControlPlane } from '../control-plane.mjs';
import { layOut } from '../kubeadm.mjs';
import { createLedger } from '../ledger.mjs';
import { whoAmI } from '../matrix.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { mustRun, mustRunOurs, run, runOurs } from '../processes.mjs';
import { KUBEADM_VERSIONS, KUBERNETES_VERSION } from '../programs.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };
const ELSEWHERE = {
  ...REQUEST,
  apiserverBindPort: 7443,
  controlPlaneEndpoint: 'lb.example.com:8443',
  clusterName: 'on',
  serviceCidr: '10.96.0.0/12',
};

/** What users are asked for: to YAML some of the names are numbers, words or structure. */
const USERS = [
  ['--client-name', 'alice'],
  ['--client-name=alice', '--org=dev', '--org', 'ops,qa', '--org', '"a,b",c'],
  ['--client-name', 'system:node:cp2', '--org', 'system:nodes', '--validity-period', '1h30m'],
  ['--client-name', '0x1f', '--validity-period', '20000h'],
  ['--client-name', 'a b: c #d', '--org', "it's"],
  ['--client-name', '{nodeName}', '--org', '{clusterName}'],
  ['--client-name', 'Zoë 🦊'],
  ['--client-name', 'alice', '--token', '1e3'],
  ['--client-name', 'on', '--token', 'abcdef.0123456789abcdef', '--org', 'dev'],
];

/** What neither makes a kubeconfig of. */
const REFUSED = [
  [],
  ['--client-name', ''],
  ['--client-name', 'a', '--org', 'a"b'],
  ['--client-name', 'a', '--validity-period', 'soon'],
  ['--client-name', 'a', 'b'],
  ['--client-name', 'a', '--frob'],
];

const withoutCredentials = (text) => text.replaceAll(/(client-(?:certificate|key)-data: ).*/g, '$1…');

/** What is to be the same of two client certificates, and how long each lives. */
function identityOf(text) {
  const [{ user }] = parse(text).users;
  const data = user['client-certificate-data'];
  if (data === undefined) return { identity: {} };
  const { subject, issuer, keyUsage, publicKey, validTo } = new X509Certificate(Buffer.from(data, 'base64'));
  const key = publicKey.asymmetricKeyDetails;
  return { identity: { subject, issuer, keyUsage, key }, end: Date.parse(validTo) };
}

const SLACK_MS = 60_000;

function compare(ledger, { kubeadm, config, args }) {
  const what = args.join(' ');
  const words = ['kubeconfig', 'user', ...config, ...args];
  const theirs = mustRun(kubeadm, words).stdout;
  const ours = mustRunOurs(words).stdout;
  ledger.expect(`${what}: the text`, withoutCredentials(ours), withoutCredentials(theirs));
  const [own, other] = [identityOf(ours), identityOf(theirs)];
  ledger.expect(`${what}: the certificate`, own.identity, other.identity);
  const isAlike = own.end === other.end || Math.abs(own.end - other.end) < SLACK_MS;
  ledger.expect(`${what}: ends alike`, isAlike, true);
}

function userCase(version) {
  return {
    id: `users: kubeconfig user of kubeadm ${version}`,
    needs: [`kubeadm-${version}`],
    requires: [],
    run: async ({ makeFolder, program }) => {
      const kubeadm = program(`kubeadm-${version}`);
      const ledger = createLedger();
      for (const request of [REQUEST, ELSEWHERE]) {
        const { flags, config } = layOut(makeFolder(), { request, version });
        mustRun(kubeadm, ['init', 'phase', 'certs', 'ca', ...flags.certs]);
        for (const args of USERS) compare(ledger, { kubeadm, config, args });
        for (const args of REFUSED) {
          const words = ['kubeconfig', 'user', ...config, ...args];
          for (const { status, stdout } of [run(kubeadm, words), runOurs(words)])
            ledger.expect(`is refused: ${args.join(' ')}`, [status !== 0, stdout], [true, '']);
        }
      }
      return ledger.outcome();
    },
  };
}

/** Whom the API server takes the users for whom this project makes kubeconfigs and bundles. */
async function checkUsers(host, ledger, makeFolder) {
  const { kubectl, conf, at, daemons, server, trust } = host;
  const make = (file, ...args) =>
    mustRunOurs(['kubeconfig', 'user', '--cert-dir', at('.'), '--output-file', conf(file), ...args]);
  const seen = (file) => {
    const { username, groups } = JSON.parse(kubectl(file, ['auth', 'whoami', '-o', 'json'])).status.userInfo;
    return [username, groups];
  };
  const may = (file, ...question) => host.tryKubectl(file, ['auth', 'can-i', ...question]).stdout.trim();

  make('alice.conf', '--client-name', 'alice, O=system:masters', '--org', 'dev', '--org', '"a,b"');
  const groups = ['a,b', 'dev', 'system:authenticated'];
  const [name, found] = seen('alice.conf');
  ledger.expect('alice', [name, found.toSorted()], ['alice, O=system:masters', groups]);
  ledger.expect('alice may list pods', may('alice.conf', 'list', 'pods').startsWith('no'), true);
  const bound = ['create', 'clusterrolebinding', 'dev', '--clusterrole=view', '--group=dev'];
  kubectl('admin.conf', bound);
  await daemons.waitFor('the binding of dev', () => may('alice.conf', 'list', 'pods') === 'yes');
  ledger.expect('alice may delete pods', may('alice.conf', 'delete', 'pods').startsWith('no'), true);

  make('root.conf', '--client-name', 'root', '--org', 'system:masters', '--yes');
  ledger.expect('root may do everything', may('root.conf', '*', '*'), 'yes');

  const token = await daemons.waitFor('a default service account', () => {
    const { status, stdout } = host.tryKubectl('admin.conf', ['create', 'token', 'default']);
    return status === 0 && stdout.trim();
  });
  const tokenFile = join(makeFolder(), 'token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  make('robot.conf', '--client-name', 'robot', '--token-file', tokenFile);
  ledger.expect('the token', seen('robot.conf')[0], 'system:serviceaccount:default:default');

  for (const more of [[], ['--legacy']]) {
    const folder = makeFolder();
    const [bundle, password] = [join(folder, 'alice.p12'), join(folder, 'password')];
    writeFileSync(password, 'correct horse', { mode: 0o600 });
    const files = ['--output-file', bundle, '--password-file', password];
    mustRunOurs(['export', 'bundle', conf('alice.conf'), ...files, ...more]);
    const pem = mustRun('openssl', ['pkcs12', '-in', bundle, '-passin', `file:${password}`, '-nodes']).stdout;
    const { user } = await whoAmI({ server, trust }, { cert: pem, key: pem });
    ledger.expect(`the bundle ${more.join(' ')}`, user, 'alice, O=system:masters');
  }
}

/** The line of the real `kubeadm token create --print-join-command`, which asks the API server. */
function checkJoin({ conf, at }, ledger, kubeadm) {
  const token = 'abcdef.0123456789abcdef';
  const key = mustRunOurs(['certs', 'certificate-key']).stdout.trim();
  for (const more of [[], ['--certificate-key', key]]) {
    const words = ['token', 'create', token, '--print-join-command', '--ttl', '1m'];
    const theirs = mustRun(kubeadm, [...words, '--kubeconfig', conf('admin.conf'), ...more]).stdout;
    const ours = mustRunOurs(['show', 'join', at('.'), '--token', token, ...more]).stdout;
    ledger.expect(`the line ${more.length}`, ours.trim(), theirs.trim().replaceAll(/ +/g, ' '));
    mustRun(kubeadm, ['token', 'delete', 'abcdef', '--kubeconfig', conf('admin.conf')]);
  }
  const [hash] = mustRunOurs(['show', 'ca-hash', at('.')])
    .stdout.trim()
    .split('\n');
  const spki = mustRun('sh', [
    '-c',
    'openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der | sha256sum',
    at('ca.crt'),
  ]).stdout;
  ledger.expect('the hash', hash, `sha256:${spki.split(' ')[0]}`);
}

export const cases = [
  ...KUBEADM_VERSIONS.map(userCase),
  ...['RSA-2048', 'ECDSA-P256'].map((algorithm) => ({
    id: `users: at an API server, ${algorithm}`,
    needs: [...CONTROL_PLANE_PROGRAMS, `kubeadm-${KUBERNETES_VERSION}`],
    requires: [NAMESPACE, 'openssl'],
    run: (context) =>
      withControlPlane(context, { profile: 'requirements', algorithm }, async (host) => {
        const ledger = createLedger();
        await checkUsers(host, ledger, context.makeFolder);
        checkJoin(host, ledger, context.program(`kubeadm-${KUBERNETES_VERSION}`));
        return ledger.outcome();
      }),
  })),
];
