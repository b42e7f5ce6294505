import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ComponentCommand, ComponentForm } from '../../src/components/command.ts';
import { parseComponents } from '../../src/components/parse.ts';

/** The commands of one text. */
async function commandsOf(
  form: ComponentForm,
  contents: string,
  path = '/srv/file',
): Promise<readonly ComponentCommand[]> {
  const { commands, unreadable } = await parseComponents([{ path, form, contents }]);
  expect(unreadable).toEqual([]);
  return commands;
}

const flagsOf = (command: ComponentCommand | undefined): readonly string[] =>
  (command?.flags ?? []).map(({ flag, value }) => (value === undefined ? flag : `${flag}=${value}`));

const pod = (container: string, rest = ''): string => `apiVersion: v1
kind: Pod
spec:
  containers:
  - name: one
${container.replaceAll(/^/gm, '    ')}
${rest}`;

/** Component and flags of each command, as lines. */
async function read(form: ComponentForm, contents: string, path?: string): Promise<readonly string[]> {
  const commands = await commandsOf(form, contents, path);
  return commands.map((command) => [command.component ?? '?', ...flagsOf(command)].join(' '));
}

describe('a manifest', () => {
  test('has command and arguments, with what a pod puts in for variables', async () => {
    const container = `command: [/usr/local/bin/kube-apiserver]
args: [--secure-port=6443, --advertise-address=$(IP), --etcd-servers, "https://$(POD_IP):2379"]
env:
- { name: IP, value: 192.0.2.10 }
- { name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }`;
    expect(await read('manifest', pod(container))).toEqual([
      'kube-apiserver --secure-port=6443 --advertise-address=192.0.2.10 --etcd-servers',
    ]);
  });

  test('may start a component by a shell, or by its image alone', async () => {
    const shell = 'command: [/bin/sh, -c, "exec kube-scheduler --kubeconfig=/a \\\\\n --v=2 1>>/log 2>&1"]';
    expect(await read('manifest', pod(shell))).toEqual(['kube-scheduler --kubeconfig=/a']);
    const image = 'image: registry.example:5000/etcd:3.6@sha256:0\nargs: [--name=cp1]';
    expect(await read('manifest', pod(image))).toEqual(['etcd --name=cp1']);
    const amd64 = 'image: example/kube-apiserver-amd64:v1\nargs: [--secure-port=1]';
    expect(await read('manifest', pod(amd64))).toEqual(['kube-apiserver --secure-port=1']);
  });

  test('gives etcd flags by its environment, those on the command line first', async () => {
    const container = `command: [etcd, --key-file=/b]
env: [{ name: ETCD_CERT_FILE, value: /a }, { name: ETCD_KEY_FILE, value: /c }, { name: ETCD_NAME, valueFrom: {} }]`;
    const [command] = await commandsOf('manifest', pod(container));
    expect(flagsOf(command)).toEqual(['--cert-file=/a', '--key-file=/b']);
    expect(command?.unfollowed).toEqual(['$(ETCD_NAME)']);
  });

  test('says what the pod sees of the host, the innermost first', async () => {
    const container = `command: [etcd]
volumeMounts: [{ name: a, mountPath: /pki }, { name: a, mountPath: /pki/etcd/, subPath: x }, { name: b, mountPath: /s }]`;
    const volumes = '  volumes: [{ name: a, hostPath: { path: /srv/pki } }, { name: b, secret: {} }]';
    const [command] = await commandsOf('manifest', pod(container, volumes));
    expect(command?.mounts).toEqual([
      { mountPath: '/pki/etcd', hostPath: '/srv/pki/x' },
      { mountPath: '/pki', hostPath: '/srv/pki' },
      { mountPath: '/s' },
    ]);
  });

  test('may be a KubeletConfiguration, a workload, a list, and several of them', async () => {
    const workload = { kind: 'Deployment', spec: { template: JSON.parse('{}') } };
    workload.spec.template = { spec: { containers: [{ command: ['kube-scheduler', '--kubeconfig=/a'] }] } };
    const kubelet = { kind: 'KubeletConfiguration', authentication: { x509: { clientCAFile: '/ca.crt' } } };
    const texts = [kubelet, { kind: 'List', items: [workload] }].map((object) => JSON.stringify(object));
    expect(await read('manifest', texts.join('\n---\n'))).toEqual([
      'kubelet --client-ca-file=/ca.crt',
      'kube-scheduler --kubeconfig=/a',
    ]);
  });

  test.each([
    ['no YAML', 'kind: Pod\nspec: }', 'is not YAML, see line 2'],
    ['no pod', 'kind: ConfigMap', 'starts no program: it has no pod in it'],
    ['nothing', '', 'starts no program: it has no pod in it'],
  ])('with %s in it is unreadable', async (_, contents, says) => {
    const { commands, unreadable } = await parseComponents([{ path: '/m', form: 'manifest', contents }]);
    expect(commands).toEqual([]);
    expect(unreadable).toEqual([{ path: '/m', message: expect.stringContaining(says) }]);
  });

  test('with aliases of aliases is given up on', async () => {
    const levels = Array.from({ length: 9 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`);
    const contents = `l0: &l0 x\n${levels.join('\n')}\n`;
    const { unreadable } = await parseComponents([{ path: '/m', form: 'manifest', contents }]);
    expect(unreadable).toEqual([{ path: '/m', message: 'has aliases that cannot be followed' }]);
  });
});

describe('a unit', () => {
  const KUBELET = '[Unit]\nDescription=ExecStart=no\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\n';
  const DROP_IN = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/b.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
`;

  test('goes on in its drop-ins, which may take back what it starts', async () => {
    const { commands } = await parseComponents([
      { path: '/u/kubelet.service.d/10-kubeadm.conf', form: 'unit', contents: DROP_IN },
      { path: '/u/kubelet.service', form: 'unit', contents: KUBELET },
    ]);
    expect(commands.map(flagsOf)).toEqual([
      [
        '--bootstrap-kubeconfig=/b.conf',
        '--kubeconfig=/etc/kubernetes/kubelet.conf',
        '--config=/var/lib/kubelet/config.yaml',
      ],
    ]);
    expect(commands[0]).toMatchObject({
      path: '/u/kubelet.service.d/10-kubeadm.conf',
      component: 'kubelet',
      unfollowed: ['$KUBELET_KUBEADM_ARGS', '--config=/var/lib/kubelet/config.yaml'],
    });
  });

  test('has lines that go on, quotes, comments between them, and prefixes', async () => {
    const contents = `[Service]
Environment=ETCD_CERT_FILE=/a.crt 'ETCD_NAME=a b'
EnvironmentFile=/etc/etcd.env
ExecStart=-/usr/bin/etcd \\
# --key-file=/no
  --client-cert-auth \\
  "--trusted-ca-file=/a b.crt" -peer-auto-tls
[Install]
ExecStart=/usr/bin/etcdctl
`;
    const [command, ...others] = await commandsOf('unit', contents, '/u/etcd.service');
    expect(others).toEqual([]);
    expect(flagsOf(command)).toEqual([
      '--cert-file=/a.crt',
      '--name=a b',
      '--client-cert-auth=true',
      '--trusted-ca-file=/a b.crt',
      '--peer-auto-tls=true',
    ]);
    expect(command?.unfollowed).toEqual(['EnvironmentFile=/etc/etcd.env']);
  });

  test('that starts nothing is unreadable', async () => {
    const { unreadable } = await parseComponents([{ path: '/u', form: 'unit', contents: '[Service]\n' }]);
    expect(unreadable).toEqual([{ path: '/u', message: 'starts no program: it has no ExecStart' }]);
  });

  test('that gives etcd a file gives it nothing else', async () => {
    const contents = '[Service]\nExecStart=/usr/bin/etcd --config-file /etc/etcd.yaml --cert-file=/a\n';
    const [command] = await commandsOf('unit', contents);
    expect(command).toMatchObject({
      flags: [{ flag: '--config-file', value: '/etc/etcd.yaml' }],
      unfollowed: ['--config-file=/etc/etcd.yaml'],
    });
  });
});

describe('command lines', () => {
  const KUBE = ['kube-apiserver --a-b=1 --c-d=/x --e=true --f='];
  test.each([
    ['as they were typed', 'a', 'kube-apiserver --a-b=1 \\\n  --c_d /x --e --f= -v=2', KUBE],
    ['a flag a line', 'a', '/usr/bin/etcd\n--name=a\n-cert-file /b\n', ['etcd --name=a --cert-file=/b']],
    ['in /proc', 'cmdline', 'kubelet\0--kubeconfig=/a b\0-v=2\0', ['kubelet --kubeconfig=/a b']],
    [
      'as ps lists them',
      'a',
      'USER PID TTY CMD\nroot 7 ? /sbin/init\nroot 9 - kube-scheduler --kubeconfig=/a\nroot 10 ? etcd --name x\n',
      ['kube-scheduler --kubeconfig=/a', 'etcd --name=x'],
    ],
    [
      'as show arguments prints them',
      'a',
      '# etcd\n--cert-file=/a\n\n# etcdctl\n--cert=/b\n# of no component\n',
      ['etcd --cert-file=/a', 'etcdctl --cert=/b'],
    ],
    ['in variables', 'kubelet.env', 'K="--kubeconfig=/a \\\n --v=2"\n', ['kubelet --kubeconfig=/a --v=2']],
    ["in etcd's own", 'etcd.env', 'ETCD_CERT_FILE=/a\nETCD_NAME="b"\n', ['etcd --cert-file=/a --name=b']],
    ['of a known file', 'etcd.args', '--cert-file=/a\n', ['etcd --cert-file=/a']],
    ['of a longer name', 'kube_scheduler.txt', '--a=b', ['kube-scheduler --a=b']],
    [
      "with somebody else's quotes",
      'a',
      "# it's\nroot sh -c it's\n/bin/etcd --name=x\n# isn't\n",
      ['etcd --name=x'],
    ],
    ['over lines', 'kubelet', 'K="--a=1\n--b=2"\nL=\'--c\'\n', ['kubelet --a=1 --b=2 --c=true']],
    ['of nobody', 'a', '--cert-file=/a\n', ['? --cert-file=/a']],
    ['of another program', 'a', 'k3s server --cluster-init\n', ['? --cluster-init=true']],
  ])('%s', async (_, name, contents, expected) => {
    expect(await read('arguments', contents, `/srv/${name}`)).toEqual(expected);
  });

  test('of which there are none are unreadable', async () => {
    const { unreadable } = await parseComponents([{ path: '/a', form: 'arguments', contents: '# x\n' }]);
    expect(unreadable).toEqual([{ path: '/a', message: 'has no arguments in it' }]);
  });

  test('never make the parser throw, whatever they hold', async () => {
    const forms = fc.constantFrom<ComponentForm>('manifest', 'unit', 'arguments');
    await fc.assert(
      fc.asyncProperty(forms, fc.string({ unit: 'binary' }), async (form, contents) => {
        const { commands, unreadable } = await parseComponents([{ path: '/a', form, contents }]);
        expect(commands.length + unreadable.length).toBeGreaterThan(0);
      }),
    );
  });
});

test.each<[ComponentForm, string]>([
  ['unit', `[Service]\nExecStart=${' '.repeat(500_000)}x\n`],
  ['unit', `[${']'.repeat(500_000)}\n`],
  ['arguments', `etcd --a=${'"'.repeat(400_001)} ${"'".repeat(100_001)}`],
  ['arguments', `A="${'\\"'.repeat(250_000)}\n${'$'.repeat(500_000)}`],
  ['manifest', `{kind: Pod, spec: {containers: [{image: "${':'.repeat(500_000)}/"}]}}`],
  ['manifest', '['.repeat(500_000)],
  ['manifest', '- '.repeat(250_000)],
  ['manifest', Array.from({ length: 40_000 }, (_, at) => `key${at}: a`).join('\n')],
])('a %s of half a megabyte of little else is not read for long', async (form, contents) => {
  const start = performance.now();
  await parseComponents([{ path: '/a', form, contents }]);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('a text that could not be read is unreadable', async () => {
  const { unreadable } = await parseComponents([{ path: '/a', form: 'unit', obstacle: 'is a directory' }]);
  expect(unreadable).toEqual([{ path: '/a', message: 'is a directory' }]);
});
