import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { verifyClusterPki } from '../../src/index.ts';
import type { PresentFile } from '../../src/checks/evidence.ts';
import { withDirectory } from '../cli/tree.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { type HandMadeAuthority, type HandMadeLeaf, handMadePki, type Pair } from './hand-made.ts';

// What other tools make of the same cluster, when they are asked for it as their documents say.

function mustRun(
  command: string,
  args: readonly string[],
  { cwd, input, env }: { cwd: string; input?: string; env?: Readonly<Record<string, string>> },
): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

/** `severity code` of all that is found, each with the paths. */
async function found(files: readonly PresentFile[]): Promise<Readonly<Record<string, readonly string[]>>> {
  const { findings } = await verifyClusterPki({ files });
  const byCode = new Map<string, string[]>();
  for (const { severity, code, path } of findings) {
    const key = `${severity} ${code}`;
    byCode.set(key, [...(byCode.get(key) ?? []), path].toSorted());
  }
  return Object.fromEntries(byCode);
}

const AUTHORITIES = ['pki/ca.crt', 'pki/etcd/ca.crt', 'pki/front-proxy-ca.crt'];
const SERVERS = ['pki/apiserver.crt', 'pki/etcd/peer.crt', 'pki/etcd/server.crt'];
const CLIENTS = [
  'admin.conf',
  'controller-manager.conf',
  'kubelet.conf',
  'pki/apiserver-etcd-client.crt',
  'pki/apiserver-kubelet-client.crt',
  'pki/etcd/healthcheck-client.crt',
  'pki/front-proxy-client.crt',
  'scheduler.conf',
];

oracle(
  'cfssl',
  isOnPath('cfssl'),
  'cfssl is not on the PATH',
)('asked as in Kubernetes the hard way', () => {
  // github.com/kelseyhightower/kubernetes-the-hard-way up to 2023, docs/04-certificate-authority.md, with a profile for each use
  // and the paths and names of docs/reference.
  const KEY = { algo: 'rsa', size: 2048 };
  const USAGES = {
    server: ['signing', 'key encipherment', 'server auth'],
    client: ['signing', 'key encipherment', 'client auth'],
    serverAndClient: ['signing', 'key encipherment', 'server auth', 'client auth'],
  };
  const CONFIG = {
    signing: {
      default: { expiry: '8760h' },
      profiles: Object.fromEntries(
        Object.entries(USAGES).map(([name, usages]) => [name, { usages, expiry: '8760h' }]),
      ),
    },
  };

  function gencert(cwd: string, args: readonly string[], request: object): Pair {
    const answer = JSON.parse(
      mustRun('cfssl', ['gencert', '-loglevel=4', ...args, '-'], { cwd, input: JSON.stringify(request) }),
    );
    return { certificate: answer.cert, key: answer.key };
  }

  function makeAuthority(cwd: string, commonName: string): HandMadeAuthority {
    const pair = gencert(cwd, ['-initca'], { CN: commonName, key: KEY, ca: { expiry: '87600h' } });
    const file = (name: string, contents: string): string => {
      writeFileSync(join(cwd, name), contents);
      return join(cwd, name);
    };
    const signer = [
      `-ca=${file(`${commonName}.pem`, pair.certificate)}`,
      `-ca-key=${file(`${commonName}-key.pem`, pair.key)}`,
      `-config=${file('ca-config.json', JSON.stringify(CONFIG))}`,
    ];
    return {
      ...pair,
      issue: ({ commonName: CN, organization, usage, names }) =>
        gencert(cwd, [...signer, `-profile=${usage}`], {
          CN,
          key: KEY,
          hosts: names,
          names: organization === undefined ? [] : [{ O: organization }],
        }),
    };
  }

  test('has nothing wrong with it but what is fine', async () => {
    await withDirectory(async (cwd) => {
      // The service account pair is a certificate there, and its public key is taken from it.
      const { certificate, key } = makeAuthority(cwd, 'kubernetes-ca').issue({
        commonName: 'service-accounts',
        usage: 'client',
        names: [],
      });
      const files = handMadePki((commonName) => makeAuthority(cwd, commonName), {
        key,
        publicKey: certificate,
      });
      // Its CAs sign certificates and revocation lists and nothing else, as those of `hardened`.
      expect(await found(files)).toEqual({ 'notice key-usage-differs': AUTHORITIES });
    });
  });
});

const EASYRSA = ['/usr/share/easy-rsa/easyrsa', '/usr/local/share/easy-rsa/easyrsa'].find((path) =>
  existsSync(path),
);

oracle(
  'easy-rsa',
  EASYRSA !== undefined,
  'easy-rsa is not installed',
)('asked for three CAs', () => {
  const TYPES: Readonly<Record<HandMadeLeaf['usage'], string>> = {
    server: 'server',
    client: 'client',
    serverAndClient: 'serverClient',
  };

  function makeAuthority(cwd: string, commonName: string): HandMadeAuthority {
    const pki = join(cwd, commonName);
    const easyrsa = (...args: readonly string[]): string =>
      mustRun(EASYRSA ?? '', ['--batch', ...args], {
        cwd,
        env: {
          EASYRSA_PKI: pki,
          EASYRSA_ALGO: 'ec',
          EASYRSA_CURVE: 'prime256v1',
          EASYRSA_CERT_EXPIRE: '365',
          EASYRSA_NO_PASS: '1',
        },
      });
    const read = (name: string): string => readFileSync(join(pki, name), 'utf8');
    easyrsa('init-pki');
    easyrsa(`--req-cn=${commonName}`, 'build-ca', 'nopass');
    return {
      certificate: read('ca.crt'),
      key: read('private/ca.key'),
      issue: ({ commonName: name, organization, usage, names }) => {
        const alternatives = names.map((text) => `${/^[\d.]+$/.test(text) ? 'IP' : 'DNS'}:${text}`);
        const subject =
          organization === undefined
            ? []
            : [
                '--dn-mode=org',
                '--req-c=CH',
                '--req-st=Bern',
                '--req-city=Bern',
                `--req-org=${organization}`,
              ];
        easyrsa(
          ...subject,
          ...(alternatives.length === 0 ? [] : [`--subject-alt-name=${alternatives.join(',')}`]),
          `build-${TYPES[usage]}-full`,
          name,
          'nopass',
        );
        const text = read(`issued/${name}.crt`);
        return { certificate: text.slice(text.indexOf('-----BEGIN')), key: read(`private/${name}.key`) };
      },
    };
  }

  test('has only that wrong with it which easy-rsa does wrong', async () => {
    await withDirectory(async (cwd) => {
      const key = mustRun('openssl', ['genrsa', '2048'], { cwd });
      const publicKey = mustRun('openssl', ['rsa', '-pubout'], { cwd, input: key });
      const files = handMadePki((commonName) => makeAuthority(cwd, commonName), { key, publicKey });
      const all = [...AUTHORITIES, ...SERVERS, ...CLIENTS].toSorted();
      expect(await found(files)).toEqual({
        // Its x509-types mark nothing as critical, against RFC 5280 4.2.1.3 and 4.2.1.9 …
        'warning key-usage-not-critical': all,
        'warning basic-constraints-not-critical': AUTHORITIES,
        // … have authorityKeyIdentifier = keyid, issuer:always, so that OpenSSL refuses all of them once their CA is renewed …
        'warning authority-key-identifier-issuer': all,
        // … and know one kind of servers, whose keys are RSA keys.
        'notice elliptic-key-encipherment': SERVERS,
        'notice key-usage-differs': [...AUTHORITIES, ...SERVERS].toSorted(),
      });
    });
  });
});
