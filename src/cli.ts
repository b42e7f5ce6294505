#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import yargs, { type Arguments, type Argv } from 'yargs';
import { fail } from './cli/failure.ts';
import { initCommand } from './cli/init-command.ts';
import { showCommands } from './cli/show-commands.ts';
import { EXIT, printMessages } from './cli/terminal.ts';
import { VERSION } from './release.ts';

/** A command as its module under `cli/` gives it. */
interface Command {
  readonly addOptions: (parser: Argv) => Argv;
  /** Resolves to the exit code. */
  readonly run: (parsed: Arguments, signal: AbortSignal) => Promise<number>;
}

// libuv's pool has four threads unless told otherwise before its first use, and all keys are generated on it.
const LIBUV_THREADS = 4;
if (availableParallelism() > LIBUV_THREADS)
  process.env['UV_THREADPOOL_SIZE'] ??= String(availableParallelism());

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => controller.abort(signal));
}
// A reader such as head(1) that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** The command that was named, to be run once yargs is through: it lays out its help before it waits for a handler. */
let chosen: { readonly command: Command; readonly parsed: Arguments } | undefined;

function register(parser: Argv, name: string, describe: string, command: Command): Argv {
  return parser.command(name, describe, command.addOptions, (parsed) => {
    chosen = { command, parsed };
  });
}

const parser = yargs(process.argv.slice(2))
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
  .option('debug', { type: 'boolean', describe: 'show stack traces of errors', global: true })
  .version(VERSION)
  .help()
  .strictCommands()
  .strict()
  .demandCommand(1, 1, 'which command?', 'one command at a time')
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    // What yargs itself finds wrong with the words comes as an error, too, and is no defect.
    if (error instanceof Error && error.name !== 'YError') throw error;
    printMessages([
      `error: ${message}`,
      '  hint: k8s-pki --help lists the commands, k8s-pki COMMAND --help their flags',
    ]);
    process.exit(EXIT.usage);
  });

register(parser, 'init', 'create what is missing of a PKI, keep what is valid', initCommand);
parser.command('show', 'print the table, the component arguments or the RBAC bindings', (own) => {
  register(
    own,
    'table',
    'the table of every certificate, as a profile and release has it',
    showCommands.table,
  );
  register(
    own,
    'arguments [component]',
    'the component arguments that take the files of this PKI',
    showCommands.arguments,
  );
  register(own, 'rbac', 'the bindings that the issued identities need', showCommands.rbac);
  return own.demandCommand(1, 1, 'show what?', 'one thing at a time');
});
parser.completion('completion', 'print a script for shell completion');

try {
  await parser.parseAsync();
  if (chosen !== undefined) {
    process.exitCode = await chosen.command.run(chosen.parsed, controller.signal);
  }
} catch (error) {
  const isJson = chosen?.parsed['output'] === 'json';
  process.exitCode = fail(error, { isJson, isDebug: process.argv.includes('--debug') });
}
// Keys that were given up are still being generated, and Node's own exit would wait for them. Whoever called sees the
// signal that it sent; to a shell that is 130 or 143.
if (controller.signal.aborted) {
  const signal = controller.signal.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
