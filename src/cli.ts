#!/usr/bin/env node
import './cli/working-directory.ts';
import yargs, { type Arguments, type Argv } from 'yargs';
import { COMMAND_OPTIONS, type CommandName } from './cli/command-options.ts';
import { fail } from './cli/failure.ts';
import { SIGNALS, stopping } from './cli/interrupt.ts';
import { effectlessIn, explained, usageError, WITHOUT_EFFECT } from './cli/mistakes.ts';
import { SWITCHES } from './cli/options.ts';
import { addPhaseOptions, PHASE_TITLES, phaseNames } from './cli/phase-options.ts';
import { EXIT, printData, printMessages } from './cli/terminal.ts';
import { assertOnce, givenTwice } from './cli/words.ts';
import { isPkiError } from './errors.ts';
import { VERSION } from './release.ts';
import { PHASES } from './table/row.ts';

for (const signal of SIGNALS) process.on(signal, () => stopping.abort(signal));

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as head(1) that has seen enough is no error.
  if (error.code === 'EPIPE') return;
  printMessages([`error: the output cannot be written: ${error.message}`]);
  process.exit(EXIT.refused);
});

/** The command that was named, to be run once yargs is through. */
let chosen: { readonly name: CommandName; readonly parsed: Arguments } | undefined;

interface Registered {
  readonly command: string | readonly string[];
  readonly describe: string;
  readonly options: (parser: Argv) => Argv;
  /** What the command is told beside what was typed. */
  readonly told?: Readonly<Record<string, string>>;
}

/** What there is to say of the command whose words are wrong. */
let helpOfMistake: Promise<string> | undefined;

function registerAs(parser: Argv, name: CommandName, registered: Registered): Argv {
  const { command, describe, options, told } = registered;
  return parser.command(command, describe, options, (parsed) => {
    // yargs takes the word that stands for stdin for a flag without a name, and leaves its place empty.
    const [place] = ['dir', 'file'].filter((word) => parsed[word] === '' && words.includes('-'));
    chosen = { name, parsed: { ...parsed, ...told, ...(place === undefined ? {} : { [place]: '-' }) } };
  });
}

function register(
  parser: Argv,
  name: keyof typeof COMMAND_OPTIONS,
  command: string | readonly string[],
  describe: string,
): Argv {
  return registerAs(parser, name, { command, describe, options: COMMAND_OPTIONS[name] });
}

/** One step of `init` in kubeadm's words: a command for each part of it. */
function registerPhases(parser: Argv): Argv {
  return parser.command('phase', 'one step of init, as kubeadm has it', (own) => {
    for (const phase of PHASES) {
      own.command(phase, PHASE_TITLES[phase], (parts) => {
        for (const [part, describe] of phaseNames(phase)) {
          const options = addPhaseOptions(phase, part);
          registerAs(parts, 'initPhase', { command: part, describe, options, told: { phase, part } });
        }
        return parts.demandCommand(1, 1, `which of the ${phase}?`, 'one thing at a time');
      });
    }
    return own.demandCommand(1, 1, 'which phase?', 'one thing at a time');
  });
}

const words = process.argv.slice(2);
const isJson = words.some(
  (word, at) =>
    /^(-o=?|--output=)json$/.test(word) || (/^(-o|--output)$/.test(word) && words[at + 1] === 'json'),
);

/**
 * What yargs would pass over: words after `--`, a switch with a value, which it takes for no unless that is `true`, and all
 * but the last of the same switch. `--dry-run=1` would write, and so would `--dry-run --dry-run=false`.
 */
function assertNoLostWords(): void {
  const end = words.indexOf('--');
  if (end >= 0) throw usageError('there is nothing that may stand after --');
  const seen = new Set<string>();
  for (const word of words) {
    const [, name = '', value = 'true'] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (!SWITCHES.includes(name)) continue;
    if (value !== 'true' && value !== 'false')
      throw usageError(`--${name} takes no value, found ${JSON.stringify(value)}`);
    if (seen.has(name)) throw givenTwice(name);
    seen.add(name);
  }
}

const parser = yargs(words)
  .scriptName('k8s-pki')
  .locale('en')
  .usage('$0 COMMAND [flags]\n\nMakes and keeps the whole PKI of a Kubernetes cluster.')
  .parserConfiguration({
    'boolean-negation': false,
    'camel-case-expansion': false,
    'dot-notation': false,
    'greedy-arrays': false,
    'parse-numbers': false,
    'parse-positional-numbers': false,
  })
  .options(WITHOUT_EFFECT)
  .option('debug', { type: 'boolean', describe: 'show stack traces of errors', global: true })
  .version(VERSION)
  .help()
  .alias('help', 'h')
  .strictCommands()
  .strict()
  .check(assertOnce)
  .demandCommand(1, 'which command?')
  .wrap(Math.min(110, process.stdout.columns ?? 110));
parser.fail((message, error) => {
  // What yargs itself finds wrong with the words comes as an error, too, and is no defect.
  if (error instanceof Error && error.name !== 'YError') throw error;
  helpOfMistake = parser.getHelp();
  throw usageError(message ?? error?.message);
});

registerAs(parser, 'init', {
  command: 'init',
  describe: 'create what is missing of a PKI, keep what is valid',
  options: (own) => registerPhases(COMMAND_OPTIONS.init(own)),
});
register(parser, 'recover', 'recover', 'make again from the CA keys what has expired or is gone');
register(parser, 'rollback', 'rollback [snapshot]', 'bring back what was there before a change');
register(parser, 'verify', ['verify [dir]', 'audit [dir]'], 'audit what is there: read only, offline');
parser.command(
  'show',
  'print the table, tree, component arguments, configuration, bindings, or how to join',
  (own) => {
    register(own, 'showTable', 'table', 'the table of every certificate, as a profile and release has it');
    register(own, 'showTree', 'tree [dir]', 'who signed whom of what is there');
    register(
      own,
      'showArguments',
      'arguments [component]',
      'the component arguments that take the files of this PKI',
    );
    register(own, 'showConfig', 'config', 'the effective configuration, as --config takes it');
    register(own, 'showRbac', 'rbac', 'the bindings that the issued identities need');
    register(own, 'showCaHash', 'ca-hash [dir]', 'the hash by which nodes that join know the CA');
    register(own, 'showJoin', 'join [dir]', 'the line of kubeadm join for one more host');
    return own.demandCommand(1, 1, 'show what?', 'one thing at a time');
  },
);
parser.command(['certs', 'certificates'], 'look after the certificates', (own) => {
  register(own, 'certsRenew', 'renew <names..>', 'issue certificates and kubeconfigs again in place');
  register(
    own,
    'checkExpiration',
    'check-expiration [dir]',
    'when each certificate ends, as kubeadm tells it',
  );
  register(own, 'certificateKey', 'certificate-key', 'print a new key for --certificate-key of kubeadm');
  register(
    own,
    'generateCsr',
    'generate-csr',
    'make keys, and requests for certificates that are signed elsewhere',
  );
  register(
    own,
    'certsImport',
    'import [certificates..]',
    'install what came back signed, if it is what was asked for',
  );
  register(own, 'certsStatus', 'status', 'what is still missing of certificates that are signed elsewhere');
  register(
    own,
    'certsSign',
    'sign <requests..>',
    'sign requests with the CAs that are here, if the table has them',
  );
  return own.demandCommand(1, 1, 'do what with the certificates?', 'one thing at a time');
});
parser.command('kubeconfig', 'make kubeconfigs', (own) => {
  register(own, 'kubeconfigUser', 'user', 'print a kubeconfig for one more user');
  return own.demandCommand(1, 1, 'do what with kubeconfigs?', 'one thing at a time');
});
parser.command('export', 'hand out a part of the PKI in another form', (own) => {
  register(own, 'exportSecret', 'secret', 'the Secret kubeadm-certs, for control-plane hosts that join');
  register(own, 'exportBundle', 'bundle <source>', 'a client certificate, its key and its CAs as PKCS#12');
  return own.demandCommand(1, 1, 'export what?', 'one thing at a time');
});
parser.command('import', 'take in a part of a PKI that came in another form', (own) => {
  register(own, 'importSecret', 'secret <file>', 'the files in the Secret kubeadm-certs');
  return own.demandCommand(1, 1, 'import what?', 'one thing at a time');
});
parser.completion('completion', 'print a script for shell completion');

try {
  assertNoLostWords();
  // Given a callback, yargs neither prints nor exits: its help, too, is data.
  await parser.parseAsync(words, {}, (_error, _parsed, output) => {
    if (output !== '') printData([output]);
  });
  if (chosen !== undefined) {
    printMessages(effectlessIn(chosen.parsed));
    const { COMMANDS } = await import('./cli/commands.ts');
    process.exitCode = await COMMANDS[chosen.name](chosen.parsed, stopping.signal);
  }
} catch (thrown) {
  const error = isPkiError(thrown, 'ERR_USAGE') ? explained(thrown, (await helpOfMistake) ?? '') : thrown;
  process.exitCode = fail(error, { isJson, isDebug: words.includes('--debug') });
}
// Keys and pipes that were given up are still being generated and read, and Node's own exit would wait for them. Whoever called sees the
// signal that it sent; to a shell that is 130, 143 or 129.
const received = SIGNALS.find((signal) => signal === stopping.signal.reason);
if (received !== undefined) {
  process.removeAllListeners(received);
  process.kill(process.pid, received);
}
