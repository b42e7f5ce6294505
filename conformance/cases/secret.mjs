// The Secret kubeadm-certs in a live API server: what `export secret` makes is fetched and opened by the real kubeadm, and what
// the real kubeadm puts up is opened by `import secret`.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_PLANE_PROGRAMS, createHost, startApiServer } from '../control-plane.mjs';
import { KUBERNETES_DIR } from '../kubeadm.mjs';
import { createLedger } from '../ledger.mjs';
import { ADDRESSES, NAMESPACE } from '../namespace.mjs';
import { mustRun, mustRunOurs, OURS, run, runOurs } from '../processes.mjs';
import { KUBERNETES_VERSION } from '../programs.mjs';
import { readTree } from '../trees.mjs';

const [FIRST, SECOND] = ADDRESSES;
const JOIN_TOKEN = 'abcdef.0123456789abcdef';
const JOIN_SECRET = 'bootstrap-token-abcdef';
const OUR_KEY = '00112233445566778899aabbccddeeff'.repeat(2);
const THEIR_KEY = 'ffeeddccbbaa99887766554433221100'.repeat(2);
const SHARED = ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub'];
const STACKED = [...SHARED, 'etcd/ca.crt', 'etcd/ca.key'];
const PKI = join(KUBERNETES_DIR, 'pki');
/** Where the configuration has what is for an external etcd: in no certificate directory. */
const ETCD_CLIENT = 'etc/etcd-client';
const ETCD_FILES = ['ca.crt', 'client.crt', 'client.key'];

const apiVersionOf = (version) =>
  `kubeadm.k8s.io/${Number(version.split('.')[1]) < 31 ? 'v1beta3' : 'v1beta4'}`;
const documentsText = (documents) => documents.map((each) => JSON.stringify(each)).join('\n---\n');
const CRI = { criSocket: 'unix:///run/containerd/containerd.sock' };

/** What the first host is asked for. `root`: where its files lie for whoever is not told to take that for its root. */
function hostConfig(version, { isExternal = false, certificateKey, root = '' } = {}) {
  const apiVersion = apiVersionOf(version);
  const external = {
    endpoints: ['https://192.0.2.20:2379'],
    caFile: join('/', root, ETCD_CLIENT, 'ca.crt'),
    certFile: join('/', root, ETCD_CLIENT, 'client.crt'),
    keyFile: join('/', root, ETCD_CLIENT, 'client.key'),
  };
  return documentsText([
    {
      apiVersion,
      kind: 'InitConfiguration',
      bootstrapTokens: [{ token: JOIN_TOKEN }],
      localAPIEndpoint: { advertiseAddress: FIRST },
      nodeRegistration: { name: 'cp1', ...CRI },
      ...(certificateKey === undefined ? {} : { certificateKey }),
    },
    {
      apiVersion,
      kind: 'ClusterConfiguration',
      kubernetesVersion: `v${version}`,
      certificatesDir: join('/', root, PKI),
      ...(isExternal ? { etcd: { external } } : {}),
    },
  ]);
}

/** What one that joins is asked for. */
function joinConfig({ version, caHash }, certificateKey) {
  const bootstrapToken = { token: JOIN_TOKEN, apiServerEndpoint: `${FIRST}:6443`, caCertHashes: [caHash] };
  return documentsText([
    {
      apiVersion: apiVersionOf(version),
      kind: 'JoinConfiguration',
      discovery: { bootstrapToken },
      controlPlane: { certificateKey, localAPIEndpoint: { advertiseAddress: SECOND } },
      nodeRegistration: { name: 'cp2', ...CRI },
    },
  ]);
}

/** A folder that kubeadm takes for the root of a host. */
function createRoot({ makeFolder }, kubeadm) {
  const root = makeFolder();
  const at = (path) => join(root, path);
  mkdirSync(at(KUBERNETES_DIR), { recursive: true });
  const call = (config, words) => {
    writeFileSync(at('kubeadm.yaml'), config, { mode: 0o600 });
    return [kubeadm, [...words, '--config', '/kubeadm.yaml', '--rootfs', root]];
  };
  return {
    root,
    at,
    mustRun: (config, ...words) => mustRun(...call(config, words)),
    run: (config, ...words) => run(...call(config, words)),
  };
}

const PREPARE = ['join', 'phase', 'control-plane-prepare'];

/** The files of a directory that the Secret has, each with its contents and mode. */
function filesIn(directory, paths) {
  const tree = readTree(directory);
  return Object.fromEntries(paths.map((path) => [path, tree.get(path)]));
}

/** Discovery names the CA by this. */
function caHashOf(certificate) {
  const pipe =
    'openssl x509 -pubkey -noout -in "$0" | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r';
  return `sha256:${mustRun('sh', ['-c', pipe, certificate]).stdout.split(' ')[0]}`;
}

/** What an administrator does with the objects of kube-system. */
function administrator({ kubectl, tryKubectl }) {
  const own = (words, options) => kubectl('super-admin.conf', ['-n', 'kube-system', ...words], options);
  const get = (name) => JSON.parse(own(['get', name, '-o', 'json']));
  return {
    own,
    get,
    apply: (manifests) => own(['apply', '-f', '-'], { input: manifests }),
    isThere: (name) => tryKubectl('super-admin.conf', ['-n', 'kube-system', 'get', name]).status === 0,
    /** What says what an object is, and not when and by whom it was put there. */
    essenceOf: (name) => {
      const { metadata, ...rest } = get(name);
      return { ...rest, metadata: { name: metadata.name, namespace: metadata.namespace } };
    },
    /** The bootstrap tokens that are there for the lifetime of the Secret alone. */
    proxies: () =>
      get('secrets')
        .items.filter(({ type }) => type === 'bootstrap.kubernetes.io/token')
        .map(({ metadata, data }) => ({
          name: metadata.name,
          data: Object.fromEntries(
            Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
          ),
        }))
        .filter(({ data }) => data.description?.startsWith('Proxy for managing TTL')),
  };
}

const ACCESS = ['role/kubeadm:kubeadm-certs', 'rolebinding/kubeadm:kubeadm-certs'];
const SECRET = 'secret/kubeadm-certs';

/** Starts a control plane that looks after tokens, and has kubeadm tell those who join what `kubeadm init` tells them. */
async function startCluster(host, root, version) {
  host.startEtcd([host]);
  await startApiServer(host, { etcd: ['127.0.0.1'], args: ['--enable-bootstrap-token-auth=true'] });
  const controllers = '--controllers=*,bootstrapsigner,tokencleaner';
  host.start('kube-controller-manager', [controllers, '--use-service-account-credentials=true']);
  host.grant();
  cpSync(host.at(''), root.at(PKI), { recursive: true });
  for (const name of readdirSync(host.folder).filter((each) => each.endsWith('.conf')))
    cpSync(host.conf(name), root.at(join(KUBERNETES_DIR, name)));
  // Up to 1.32 the phase notes on it what runs its containers.
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'cp1' } };
  host.kubectl('super-admin.conf', ['create', '-f', '-'], { input: JSON.stringify(node) });
  root.mustRun(hostConfig(version), 'init', 'phase', 'upload-config', 'all');
  root.mustRun(hostConfig(version), 'init', 'phase', 'bootstrap-token');
  await host.daemons.waitFor('cluster-info to be signed', () => {
    const get = ['-n', 'kube-public', 'get', 'configmap', 'cluster-info', '-o', 'jsonpath={.data}'];
    return host.kubectl('super-admin.conf', get).includes(`jws-kubeconfig-${JOIN_TOKEN.split('.')[0]}`);
  });
}

/** The real kubeadm puts up its Secret. Returns that, with the token that it belongs to, and takes both away again. */
function uploadTheirs({ root, version, admin }, ledger) {
  const config = hostConfig(version, { certificateKey: THEIR_KEY });
  root.mustRun(config, 'init', 'phase', 'upload-certs', '--upload-certs', '--skip-certificate-key-print');
  const secret = admin.get(SECRET);
  const access = ACCESS.map(admin.essenceOf);
  const [token] = admin.proxies();
  ledger.expect('whom the real Secret belongs to', secret.metadata.ownerReferences[0].name, token.name);
  admin.own(['delete', SECRET, `secret/${token.name}`, ...ACCESS]);
  return { secret, access, token };
}

/** Ours is theirs, but for what is random and for the owner, whom only a cluster can name. */
function checkSameObjects({ admin, exportSecret }, theirs, ledger) {
  admin.apply(exportSecret());
  ledger.expect('Role and RoleBinding', ACCESS.map(admin.essenceOf), theirs.access);
  const secret = admin.get(SECRET);
  ledger.expect('the type', secret.type, theirs.secret.type);
  const lengths = ({ data }) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.length]));
  ledger.expect('the values and their lengths', lengths(secret), lengths(theirs.secret));
  const [token] = admin.proxies();
  const fixed = ({ data }) =>
    Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, key === 'description' ? text : text.length]),
    );
  ledger.expect('what the token says', fixed(token), fixed(theirs.token));
  ledger.expect('what it is called', token.name, `bootstrap-token-${token.data['token-id']}`);
  const apart = Date.parse(token.data.expiration) - Date.parse(theirs.token.data.expiration);
  ledger.expect('it lives as long, give or take a minute', Math.abs(apart) < 60_000, true);
}

/** The real join fetches and opens it, and goes on with what it got. */
function checkDownload(context, cluster, ledger) {
  const { kubeadm, host } = cluster;
  const joining = createRoot(context, kubeadm);
  const config = joinConfig(cluster, OUR_KEY);
  joining.mustRun(config, ...PREPARE, 'download-certs');
  const original = filesIn(host.at(''), STACKED);
  ledger.expect('what was downloaded', filesIn(joining.at(PKI), STACKED), original);
  joining.mustRun(config, ...PREPARE, 'certs');
  joining.mustRun(config, ...PREPARE, 'kubeconfig');
  ledger.expect('what kubeadm then has', filesIn(joining.at(PKI), STACKED), original);
  // A host that joins has neither a super-admin.conf nor, yet, a kubelet.conf.
  const audit = runOurs(['verify', joining.at(KUBERNETES_DIR), '--skip', 'row-absent', '-o', 'json']);
  ledger.expect('the errors on the host that joined', JSON.parse(audit.stdout).counts.error, 0);

  const stranger = createRoot(context, kubeadm);
  const { status, output } = stranger.run(joinConfig(cluster, THEIR_KEY), ...PREPARE, 'download-certs');
  ledger.expect('with another key it ends with', status, 1);
  ledger.expectMatch('and says', output, /cipher: message authentication failed/);
}

/** What the real kubeadm put up is opened by ours; kubeadm and `init` go on from there. */
function checkImport(context, cluster, secret, ledger) {
  const { kubeadm, host, version, algorithm } = cluster;
  const folder = context.makeFolder();
  const [file, key] = ['secret.json', 'key'].map((name) => join(folder, name));
  writeFileSync(file, JSON.stringify(secret));
  writeFileSync(key, THEIR_KEY, { mode: 0o600 });
  const importInto = (directory) =>
    mustRunOurs(['import', 'secret', file, '--certificate-key-file', key, '--cert-dir', directory]);
  const original = filesIn(host.at(''), STACKED);

  const joining = createRoot(context, kubeadm);
  importInto(joining.at(PKI));
  ledger.expect('what was imported', filesIn(joining.at(PKI), STACKED), original);
  ledger.expect('and nothing else', readTree(joining.at(PKI)).size, STACKED.length + 1);
  joining.mustRun(joinConfig(cluster, THEIR_KEY), ...PREPARE, 'certs');
  ledger.expect('what kubeadm keeps of it', filesIn(joining.at(PKI), STACKED), original);

  const own = join(folder, 'pki');
  importInto(own);
  const rules = ['--profile', 'kubeadm', '--kubernetes-version', version, '--key-algorithm', algorithm];
  mustRunOurs(['init', '--cert-dir', own, ...rules, '--host-ip', SECOND, '--hostname', 'cp2']);
  mustRunOurs(['verify', own]);
  ledger.expect('what init keeps of it', filesIn(own, STACKED), original);
  writeFileSync(key, OUR_KEY);
  const wrong = runOurs(['import', 'secret', file, '--certificate-key-file', key, '--cert-dir', own]);
  ledger.expect('with another key it ends with', wrong.status, 3);
  ledger.expectMatch('and says', wrong.output, /opens nothing of it \[ERR_SEALED\]/);
}

/** What docs/joining.md says to type, in the order in which it says so. */
function documentedCommands() {
  const document = readFileSync(join(import.meta.dirname, '../../docs/joining.md'), 'utf8');
  return [...document.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
}

/** A shell that has kubectl as an administrator, and k8s-pki for a PKI that lies elsewhere than in /etc/kubernetes. */
function createShell({ makeFolder, program }, host) {
  const folder = makeFolder();
  const kubectl = `${program(`kubectl-${KUBERNETES_VERSION}`)} --kubeconfig ${host.conf('super-admin.conf')}`;
  const write = (name, text) => writeFileSync(join(folder, name), text, { mode: 0o755 });
  write('kubectl', `#!/bin/sh\nexec ${kubectl} "$@"\n`);
  write('k8s-pki', `#!/bin/sh\nexec ${OURS.join(' ')} "$@" --cert-dir "$CERT_DIR"\n`);
  return {
    write,
    type: (commands, certDir) =>
      mustRun('sh', ['-ec', `cd ${folder}; export PATH=${folder}:$PATH CERT_DIR=${certDir}\n${commands}`]),
  };
}

/** Typed as it is documented, the files go from one host to the other, and the Secret goes with its token. */
async function checkDocument(context, { host, admin, exportSecret }, ledger) {
  const goes = () => host.daemons.waitFor('the Secret to go', () => !admin.isThere(SECRET));
  const owner = { apiVersion: 'v1', kind: 'Secret', blockOwnerDeletion: true, controller: true };
  const ownersOf = () => admin.get(SECRET).metadata.ownerReferences;
  const expectOwner = (what, name) =>
    ledger.expect(what, ownersOf(), [{ ...owner, name, uid: admin.get(`secret/${name}`).metadata.uid }]);
  const forget = () => {
    for (const { name } of admin.proxies()) admin.own(['delete', 'secret', name]);
  };
  const [make, tie, makeOwned, receive, ...others] = documentedCommands();
  ledger.expect('what is documented beside that', others, []);
  const shell = createShell(context, host);
  forget();
  shell.type(make, host.at(''));
  shell.type(tie, host.at(''));
  expectOwner('its owner once it is tied', admin.proxies()[0].name);
  const other = join(context.makeFolder(), 'pki');
  shell.type(receive, other);
  ledger.expect('what the other host has', filesIn(other, STACKED), filesIn(host.at(''), STACKED));
  forget();
  ledger.expect('it goes when its token is deleted', await goes(), true);

  shell.write('certs.yaml', exportSecret(['--token-ttl', '15s']));
  shell.type(tie, host.at(''));
  const [{ name }] = admin.proxies();
  ledger.expect('it goes when its token ends', await goes(), true);
  ledger.expect('as does that', admin.isThere(`secret/${name}`), false);

  shell.type(makeOwned, host.at(''));
  expectOwner('its owner with --owner', JOIN_SECRET);
  ledger.expect('and no other token', admin.proxies(), []);
  admin.own(['delete', 'secret', JOIN_SECRET]);
  ledger.expect('it goes with that', await goes(), true);
}

/** An etcd that is elsewhere: its three files go where the configuration in the cluster has them. */
function checkExternalEtcd(context, cluster, ledger) {
  const { kubeadm, host, root, version, admin, caHash } = cluster;
  const at = (name) => root.at(join(ETCD_CLIENT, name));
  mkdirSync(root.at(ETCD_CLIENT));
  for (const [name, path] of [
    ['ca.crt', 'etcd/ca.crt'],
    ['client.crt', 'apiserver-etcd-client.crt'],
    ['client.key', 'apiserver-etcd-client.key'],
  ])
    cpSync(host.at(path), at(name));
  const folder = context.makeFolder();
  const config = join(folder, 'kubeadm.yaml');
  const request = { isExternal: true, certificateKey: OUR_KEY };
  root.mustRun(hostConfig(version, request), 'init', 'phase', 'upload-config', 'kubeadm');
  writeFileSync(config, hostConfig(version, { ...request, root: root.root }), { mode: 0o600 });
  admin.apply(mustRunOurs(['export', 'secret', '--config', config]).stdout);
  const joining = createRoot(context, kubeadm);
  joining.mustRun(joinConfig({ version, caHash }, OUR_KEY), ...PREPARE, 'download-certs');
  const etcd = filesIn(root.at(ETCD_CLIENT), ETCD_FILES);
  ledger.expect('for an external etcd', filesIn(joining.at(ETCD_CLIENT), ETCD_FILES), etcd);
  ledger.expect('beside it', filesIn(joining.at(PKI), SHARED), filesIn(host.at(''), SHARED));
  ledger.expect('and nothing else', readTree(joining.at(PKI)).size, SHARED.length);

  root.mustRun(hostConfig(version, request), 'init', 'phase', 'upload-certs', '--upload-certs');
  const file = join(folder, 'secret.json');
  writeFileSync(file, JSON.stringify(admin.get(SECRET)));
  const other = join(folder, 'host');
  writeFileSync(config, hostConfig(version, { ...request, root: other }), { mode: 0o600 });
  mustRunOurs(['import', 'secret', file, '--config', config]);
  ledger.expect('imported', filesIn(join(other, ETCD_CLIENT), ETCD_FILES), etcd);
  ledger.expect('beside it', filesIn(join(other, PKI), SHARED), filesIn(host.at(''), SHARED));
}

/** The key of a CA that is elsewhere: an empty value, and no file. */
function checkKeyless(context, cluster, ledger) {
  const { kubeadm, host, admin, exportSecret } = cluster;
  const without = join(context.makeFolder(), 'pki');
  cpSync(host.at(''), without, { recursive: true, filter: (path) => path !== host.at('ca.key') });
  admin.apply(exportSecret([], without));
  ledger.expect('the value of the key', admin.get(SECRET).data['ca.key'], '');
  const joining = createRoot(context, kubeadm);
  joining.mustRun(joinConfig(cluster, OUR_KEY), ...PREPARE, 'download-certs');
  const others = STACKED.filter((path) => path !== 'ca.key');
  ledger.expect('all but the key', filesIn(joining.at(PKI), STACKED), {
    ...filesIn(host.at(''), others),
    'ca.key': undefined,
  });
}

async function handOver(context, { version, algorithm }) {
  const ledger = createLedger();
  const kubeadm = context.program(`kubeadm-${version}`);
  const host = createHost(context, { profile: 'kubeadm', algorithm });
  const root = createRoot(context, kubeadm);
  const key = join(context.makeFolder(), 'key');
  writeFileSync(key, OUR_KEY, { mode: 0o600 });
  const exportSecret = (words = [], directory = host.at('')) =>
    mustRunOurs(['export', 'secret', '--cert-dir', directory, '--certificate-key-file', key, ...words])
      .stdout;
  const admin = administrator(host);
  const caHash = caHashOf(host.at('ca.crt'));
  const cluster = { kubeadm, version, algorithm, host, root, admin, exportSecret, caHash };
  try {
    await startCluster(host, root, version);
    const theirs = uploadTheirs(cluster, ledger);
    checkSameObjects(cluster, theirs, ledger);
    checkDownload(context, cluster, ledger);
    checkImport(context, cluster, theirs.secret, ledger);
    checkKeyless(context, cluster, ledger);
    checkExternalEtcd(context, cluster, ledger);
    await checkDocument(context, cluster, ledger);
    return ledger.outcome();
  } finally {
    await host.stop();
  }
}

export const cases = [
  { version: '1.37.2', algorithm: 'ECDSA-P256' },
  { version: '1.35.4', algorithm: 'RSA-2048' },
].map((options) => ({
  id: `secret: kubeadm-certs and kubeadm ${options.version}, ${options.algorithm}`,
  needs: [`kubeadm-${options.version}`, ...CONTROL_PLANE_PROGRAMS],
  requires: [NAMESPACE, 'openssl'],
  run: (context) => handOver(context, options),
}));
