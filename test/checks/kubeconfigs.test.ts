import { beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentFile } from '../../src/checks/evidence.ts';
import type { Directories } from '../../src/cluster/directories.ts';
import { type Finding, generateClusterPki } from '../../src/index.ts';
import { namedPath, USUAL_DIRECTORIES } from '../../src/layout.ts';
import { verifyHtml } from '../../src/report/html.ts';
import { verifyMarkdown } from '../../src/report/markdown.ts';
import { type VerifyReport, verifyText } from '../../src/report/verify.ts';
import { type Verification, verifyPki } from '../../src/verify.ts';
import { filesOf, NOW } from '../report/audited.ts';

const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', now: NOW } as const;

let files: readonly PresentFile[];
let foreign: readonly PresentFile[];
beforeAll(async () => {
  files = await filesOf();
  foreign = await filesOf();
});

const textOf = (path: string, of = files): string => of.find((file) => file.path === path)?.contents ?? '';

/** The files with another admin.conf, and others beside. */
function withAdmin(
  change: (contents: string) => string,
  others: Readonly<Record<string, string>> = {},
): readonly PresentFile[] {
  const changed: Readonly<Record<string, string>> = {
    'admin.conf': change(textOf('admin.conf')),
    ...others,
  };
  return [
    ...files.filter(({ path }) => changed[path] === undefined),
    ...Object.entries(changed).map(([path, contents]) => ({ path, contents })),
  ];
}

async function verify(
  audited: readonly PresentFile[],
  readFrom: Directories | undefined = USUAL_DIRECTORIES,
): Promise<Verification> {
  return verifyPki({ files: audited, options: {}, now: NOW, warnWithinSeconds: 0, readFrom });
}

async function found(...args: Parameters<typeof verify>): Promise<readonly Finding[]> {
  return (await verify(...args)).findings;
}

async function codes(...args: Parameters<typeof verify>): Promise<readonly string[]> {
  return (await found(...args)).map(({ severity, code }) => `${severity} ${code}`);
}

const inUser = (line: string) => (contents: string) =>
  contents.replace('  user:\n    client', `  user:\n    ${line}\n    client`);
const inCluster = (line: string) => (contents: string) =>
  contents.replace('    server:', `    ${line}\n    server:`);

describe('a credential beside the certificate', () => {
  test.each([
    ['token: s3cret', 'error kubeconfig-token'],
    ['tokenFile: /var/run/s3cret', 'warning kubeconfig-token-file'],
    ['username: s3cret', 'error kubeconfig-password'],
    ['password: s3cret', 'error kubeconfig-password'],
    ['auth-provider: {name: oidc, config: {refresh-token: s3cret}}', 'warning kubeconfig-auth-provider'],
    ['exec: {command: s3cret, apiVersion: client.authentication.k8s.io/v1beta1}', 'warning kubeconfig-exec'],
  ])('%s is found: %s', async (line, code) => {
    const findings = await found(withAdmin(inUser(line)));
    expect(findings.map(({ severity, code: own }) => `${severity} ${own}`)).toEqual([code]);
    // The name of a file is told, what is in clear is not.
    if (!line.startsWith('tokenFile')) expect(JSON.stringify(findings)).not.toContain('s3cret');
  });

  test('is looked for where the file is completed, too', async () => {
    const existing = withAdmin(inUser('token: s3cret'));
    await expect(generateClusterPki({ ...HOST, existing })).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      detail: { findings: [{ code: 'kubeconfig-token' }] },
    });
  });

  test('is found with other users, and what their certificates make of them is told', async () => {
    const entry = /- name: default-admin\n {2}user:\n[^]*/.exec(textOf('admin.conf', foreign))?.[0] ?? '';
    const audited = withAdmin((contents) => contents + entry.replace('default-admin', 'mallory'));
    const verification = await verify(audited);
    expect(verification.findings).toMatchObject([
      { severity: 'warning', code: 'kubeconfig-other-users', found: 'client-certificate, client-key' },
    ]);
    expect(verification.credentials).toContainEqual({
      path: 'admin.conf',
      user: 'mallory',
      subject: 'O=system:masters, CN=kubernetes-admin',
      notAfter: '2027-11-23T12:00:00Z',
    });
    const report: VerifyReport = {
      verification,
      directories: ['/k'],
      at: NOW,
      isProfileGiven: false,
      isRoleGiven: false,
      version: '0',
      pathOf: (path) => `/k/${path}`,
    };
    const [line = ''] = verifyText(report).filter((text) => text.includes('mallory") '));
    expect(line).toMatch(/^\/k\/admin\.conf \(user "mallory"\) +O=system:masters, /);
    expect(verifyMarkdown(report).join('\n')).toContain('(user "mallory")');
    expect((await verifyHtml(report)).join('\n')).toContain('(user &quot;mallory&quot;)');
  });

  test('of other entries that carry none is a notice', async () => {
    const audited = withAdmin((contents) => `${contents}- name: nobody\n  user: {}\n`);
    expect(await found(audited)).toMatchObject([
      { severity: 'notice', code: 'kubeconfig-other-entries', found: 'user "nobody"' },
    ]);
  });
});

describe('the server', () => {
  const withServer = (server: string) =>
    withAdmin((contents) => contents.replace(/server: .*/, `server: ${server}`));

  async function coverage(audited: readonly PresentFile[]): Promise<readonly string[]> {
    return (await found(audited))
      .filter(({ code, path }) => code.startsWith('server-not') && path === 'admin.conf')
      .map(({ code, field, expected }) => `${code} ${field} ${expected}`);
  }

  test.each([
    ['https://192.0.2.10:6443', []],
    ['https://192.0.2.10', []],
    ['HTTPS://CP1:6443/some/path?query', []],
    ['https://kubernetes.default.svc.:6443', []],
    ['https://[2001:db8::1]:6443', ['server-not-covered server 2001:db8::1']],
    ['https://lb.example.com', ['server-not-covered server lb.example.com']],
    ['https://user@cp2:6443', ['server-not-covered server cp2']],
    ['https://:6443', ['server-not-covered server a host']],
    ['http://192.0.2.10:6443', ['server-not-https server https://…']],
    ['192.0.2.10:6443', ['server-not-https server https://…']],
  ])('%s is reached as the certificate of the API server says or not', async (server, expected) => {
    expect(await coverage(withServer(server))).toEqual(expected);
  });

  test('that is the right one but for TLS is told once', async () => {
    expect(await codes(withServer('http://192.0.2.10:6443'))).toEqual(['error server-not-https']);
  });

  test('has its certificate held against tls-server-name where there is one', async () => {
    const named = (name: string) => withAdmin((contents) => inCluster(`tls-server-name: ${name}`)(contents));
    expect(await coverage(named('kubernetes'))).toEqual([]);
    expect(await coverage(named('other'))).toEqual(['server-not-covered tls-server-name other']);
    expect(await found(named('kubernetes'))).toMatchObject([
      { code: 'kubeconfig-surplus', found: 'tls-server-name' },
    ]);
  });

  test('may be a name under a wildcard, and is told with the names that there are', async () => {
    const wild = await generateClusterPki({ ...HOST, apiserverCertExtraSans: '*.example.com,2001:db8::1' });
    const lead = async (server: string, wanted = /^server-not-covered$/): Promise<readonly Finding[]> => {
      const audited = wild.files.map((file) => ({
        ...file,
        contents: file.contents.replace(/server: .*/, `server: ${server}`),
      }));
      return (await found(audited)).filter(({ code }) => wanted.test(code));
    };
    expect(await lead('https://lb.example.com:6443', /-missing$|-covered$/)).toEqual([]);
    expect(await lead('https://[2001:0db8::0001]:6443')).toEqual([]);
    const [finding] = await lead('https://a.lb.example.com:6443');
    expect(finding?.found).toContain('DNS:*.example.com');
  });

  test('is not told with the password in its URL', async () => {
    const findings = await found(withServer('http://admin:s3cret@192.0.2.10:6443'));
    expect(findings.length).toBeGreaterThan(0);
    expect(JSON.stringify(findings)).not.toContain('s3cret');
  });
});

describe('a file that a kubeconfig names', () => {
  const inFiles =
    (prefix: string) =>
    (contents: string): string =>
      contents.replaceAll(/client-(certificate|key)-data: .*/g, `client-$1: ${prefix}$1.pem`);
  const own = (of = files): Readonly<Record<string, string>> => {
    const dataOf = (field: string): string =>
      Buffer.from(
        new RegExp(`${field}: (.*)`).exec(textOf('admin.conf', of))?.[1] ?? '',
        'base64',
      ).toString();
    return {
      'pki/users/certificate.pem': dataOf('client-certificate-data'),
      'pki/users/key.pem': dataOf('client-key-data'),
    };
  };

  test.each(['pki/users/', './pki/../pki/users/', '/etc/kubernetes/pki/users/'])(
    'by %s is looked at as if it were embedded, and belongs to the kubeconfig',
    async (prefix) => {
      expect(await codes(withAdmin(inFiles(prefix), own()))).toEqual([
        'notice credential-in-file',
        'notice credential-in-file',
      ]);
    },
  );

  test('may hold what is not signed by the CA, and not be a pair', async () => {
    const other = { ...own(), 'pki/users/certificate.pem': own(foreign)['pki/users/certificate.pem'] ?? '' };
    const errors = (await codes(withAdmin(inFiles('pki/users/'), other))).filter((line) =>
      line.startsWith('error'),
    );
    expect(errors).toEqual(['error pair-mismatch', 'error signer-mismatch']);
  });

  test('may be no certificate at all', async () => {
    const broken = { ...own(), 'pki/users/certificate.pem': 'nothing' };
    expect(await found(withAdmin(inFiles('pki/users/'), broken))).toContainEqual(
      expect.objectContaining({ code: 'certificate-unreadable', field: 'client-certificate' }),
    );
  });

  test('may be the CA, its own or another', async () => {
    const trusting = (file: string) => (contents: string) =>
      contents.replace(/certificate-authority-data: .*/, `certificate-authority: ${file}`);
    expect(await codes(withAdmin(trusting('pki/ca.crt')))).toEqual(['warning trust-in-file']);
    expect(await codes(withAdmin(trusting('pki/etcd/ca.crt')))).toEqual([
      'error trust',
      'warning trust-in-file',
    ]);
  });

  test('and that is not there is an error within what is audited, and nothing elsewhere', async () => {
    expect(await codes(withAdmin(inFiles('pki/gone/')))).toEqual([
      'error named-file-absent',
      'error named-file-absent',
      'notice credential-in-file',
      'notice credential-in-file',
    ]);
    const elsewhere = await found(withAdmin(inFiles('/var/lib/kubelet/pki/')));
    expect(elsewhere.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'credential-in-file: names a file instead of embedding its client certificate, which is not looked at',
      'credential-in-file: names a file instead of embedding its client key, which is not looked at',
    ]);
    // Who gives files alone has not said that there are no others, but for those of the table.
    const alone = withAdmin(inFiles('pki/gone/')).filter(({ path }) => path !== 'pki/ca.crt');
    const { findings } = await verifyPki({ files: alone, options: {}, now: NOW, warnWithinSeconds: 0 });
    expect(findings.map(({ code }) => code)).not.toContain('named-file-absent');
  });

  test('and that all may read is an error also where it lies beside the certificate directory', async () => {
    const token = { path: 'backup/token', contents: 'x', mode: 0o644 };
    expect(await found([...withAdmin(inUser('tokenFile: backup/token')), token])).toContainEqual(
      expect.objectContaining({ code: 'key-readable', path: 'backup/token' }),
    );
  });

  test('and that is no file says what it is', async () => {
    const audited = [
      ...withAdmin(inUser('tokenFile: pki/token')),
      { path: 'pki/token', obstacle: 'is a directory' },
    ];
    expect(await found(audited)).toContainEqual(
      expect.objectContaining({ code: 'named-file-absent', message: 'names a file that is a directory' }),
    );
  });
});

describe('the name of a file', () => {
  const AT = (kubeconfigDir: string, certDir = `${kubeconfigDir}/pki`): Directories => ({
    certDir,
    kubeconfigDir,
  });
  test.each<[string, Directories, string, ReturnType<typeof namedPath>]>([
    ['is relative to its kubeconfig', AT('/a/b'), 'pki/ca.crt', { path: 'pki/ca.crt', isCertain: true }],
    ['leads nowhere above', AT('/a/b'), '../ca.crt', undefined],
    ['leads nowhere beside', AT('/a/b'), '/a/bc/ca.crt', undefined],
    ['is found in its own place', AT('/a/b'), '/a/b/pki/x/y', { path: 'pki/x/y', isCertain: true }],
    ['goes round', AT('/a/b'), '/a/b/pki/../token', { path: 'token', isCertain: true }],
    [
      'is that of the host on a mounted disk',
      AT('/mnt/disk/srv/k8s'),
      '/srv/k8s/pki/ca.crt',
      { path: 'pki/ca.crt', isCertain: true },
    ],
    ['is not guessed by one word', AT('/mnt/disk/srv/k8s'), '/k8s/pki/ca.crt', undefined],
    ['is not that of another directory', AT('/mnt/disk/srv/k8s'), '/srv/other/ca.crt', undefined],
    [
      "may be kubeadm's in a copy of its directory",
      AT('/home/me/evidence'),
      '/etc/kubernetes/pki/ca.crt',
      { path: 'pki/ca.crt', isCertain: false },
    ],
    [
      'goes by the certificate directory, whatever it is called',
      AT('/a/conf', '/a/certs'),
      '../certs/ca.crt',
      { path: 'pki/ca.crt', isCertain: true },
    ],
    ['is not mistaken for one in it', AT('/a/conf', '/a/certs'), 'pki/ca.crt', undefined],
  ])('%s', (_, directories, file, expected) => {
    expect(namedPath(file, 'admin.conf', directories)).toEqual(expected);
  });
});

test('what clients refuse is an error, once for each reason', async () => {
  const audited = withAdmin((contents) =>
    inCluster('proxy-url: ftp://192.0.2.66')(contents).replace(
      'users:\n',
      'users:\n- name: twice\n  user: {}\n- name: twice\n  user: {}\n',
    ),
  );
  const refused = (await found(audited)).filter(({ code }) => code === 'kubeconfig-refused');
  expect(refused.map(({ message }) => message)).toEqual([
    'is refused by clients: users has the name "twice" twice',
    'is refused by clients: proxy-url is no URL of http, https or socks5',
  ]);
});

test('a kubeconfig of a mebibyte of aliases is one finding, soon', async () => {
  const start = performance.now();
  const text = `a: &a x\nb:\n${'- *a\n'.repeat(200_000)}`;
  expect(await codes(withAdmin(() => text))).toEqual(['error kubeconfig-unreadable']);
  expect(performance.now() - start).toBeLessThan(5000);
});
