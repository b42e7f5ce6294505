/** What lies where it is not looked for, or where it should not, and links and directories. */
export const STRAY_FAULTS = [
  {
    code: 'file-companion',
    at: 'pki/ca.srl',
    says: 'openssl left the file of its serial numbers',
    change: () => ({ 'pki/ca.srl': '40C0FFEE\n' }),
  },
  {
    code: 'stray-key',
    at: 'pki/old.key',
    says: 'a key that nobody knows lies among the others',
    change: ({ key }) => ({ 'pki/old.key': key() }),
  },
  {
    code: 'layout-unknown',
    at: 'pki/',
    says: 'the files have the names that cfssl and its guides give them',
    kept: [],
    change: ({ tree }) => ({
      'pki/ca.pem': tree.get('pki/ca.crt'),
      'pki/kubernetes.pem': tree.get('pki/apiserver.crt'),
    }),
    along: [
      'file-unknown pki/ca.pem',
      'file-unknown pki/kubernetes.pem',
      'kubeconfigs-absent .',
      ...[
        'ca.crt',
        'apiserver.crt',
        'apiserver-kubelet-client.crt',
        'front-proxy-ca.crt',
        'front-proxy-client.crt',
        'sa.key',
      ].map((name) => `row-absent pki/${name}`),
    ],
    because: 'whatever has another name is missing under its own',
  },
  {
    code: 'stray-unread',
    at: 'pki/old.crt',
    says: 'a link was left that leads to nothing',
    links: { 'pki/old.crt': 'renewed/old.crt' },
  },
  {
    code: 'authority-key-copied',
    at: 'pki/backup.key',
    says: 'somebody keeps a copy of the key of the cluster CA beside it',
    change: ({ tree }) => ({ 'pki/backup.key': tree.get('pki/ca.key') }),
  },
  {
    code: 'authority-unknown',
    at: 'pki/mesh-ca.crt',
    says: 'the cluster CA signed the CA of a service mesh',
    change: ({ tree, key, certificate }) => ({
      'pki/mesh-ca.crt': certificate('pki/ca', {
        key: key(),
        subject: '/O=Example/CN=Mesh CA',
        signer: { certificate: tree.get('pki/ca.crt'), key: tree.get('pki/ca.key') },
      }),
    }),
    along: ['file-unknown pki/mesh-ca.crt'],
    because: 'it is no file of the table either',
  },
  {
    code: 'link-not-followed',
    at: 'pki/sa.pub',
    says: 'sa.pub leads to a file that is not on the copy of the disk',
    removed: ['pki/sa.pub'],
    links: { 'pki/sa.pub': '/srv/vault/sa.pub' },
  },
  {
    code: 'link-outside',
    at: 'pki/sa.pub',
    says: 'sa.pub leads out of the certificate directory',
    removed: ['pki/sa.pub'],
    links: { 'pki/sa.pub': '../shared/sa.pub' },
    arguments: ['--follow-links', '--kubeconfig-dir', 'pki'],
    along: ['kubeconfigs-absent pki'],
    because: 'there are no kubeconfigs where they are said to be',
    change: ({ tree }) => ({ 'shared/sa.pub': tree.get('pki/sa.pub') }),
  },
  {
    code: 'directory-writable',
    at: 'pki/etcd',
    says: 'everybody on the host may put files into the directory of etcd',
    modes: { 'pki/etcd': '0777' },
  },
  {
    code: 'directory-mode',
    at: 'pki/etcd',
    says: 'the group may put files into the directory of etcd',
    modes: { 'pki/etcd': '0775' },
  },
  {
    code: 'audit-incomplete',
    at: 'pki/',
    says: 'a backup lies nine levels deep',
    change: () => ({ 'pki/a/b/c/d/e/f/g/h/i/note.txt': 'deep\n' }),
  },
  {
    code: 'cis-file-mode',
    at: 'pki/ca.crt',
    says: 'the group may write to the certificate of the cluster CA',
    along: ['mode-too-open pki/ca.crt'],
    because: 'that is more than its mode in the table, with or without a benchmark',
    arguments: ['--cis', '1.12'],
    modes: { 'pki/ca.crt': '0664' },
  },
];

const OF_A_WORKER = ['pki/ca.crt', 'kubelet.conf'];

/** What lies on the host of a worker beside its own files. */
const onWorker = (path) => ({
  tree: 'clean',
  arguments: ['--role', 'worker'],
  kept: [...OF_A_WORKER, path],
  at: path,
});

/** Files of another kind of host. */
export const HOST_FAULTS = [
  {
    code: 'signing-key-misplaced',
    says: 'the key of the cluster CA was copied to a worker',
    ...onWorker('pki/ca.key'),
  },
  {
    code: 'credential-misplaced',
    says: "the administrator's kubeconfig lies on a worker",
    ...onWorker('admin.conf'),
  },
  {
    code: 'file-misplaced',
    says: 'the certificate of the front proxy CA lies on a worker',
    ...onWorker('pki/front-proxy-ca.crt'),
  },
];
