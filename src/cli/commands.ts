import type { Arguments } from 'yargs';
import { runBundle } from './bundle-command.ts';
import { runCertificateKey } from './certificate-key-command.ts';
import { runCheckExpiration } from './check-expiration.ts';
import type { CommandName } from './command-options.ts';
import { runExportSecret } from './export-secret.ts';
import { runImportSecret } from './import-secret.ts';
import { runGenerateCsr } from './generate-csr.ts';
import { runImport } from './import.ts';
import { runInit } from './init-command.ts';
import { runPhase } from './phase-command.ts';
import { runRecover } from './recover-command.ts';
import { runRenew } from './renew-command.ts';
import { runRollback } from './rollback-command.ts';
import { showArguments, showConfig, showRbac, showTable, showTree } from './show-commands.ts';
import { showCaHash, showJoin } from './join-commands.ts';
import { runUser } from './user-command.ts';
import { runSign } from './sign.ts';
import { runStatus } from './status.ts';
import { runVerify } from './verify-command.ts';

/** What each command does: resolves to the exit code. */
export const COMMANDS: Readonly<
  Record<CommandName, (parsed: Arguments, signal: AbortSignal) => Promise<number>>
> = {
  init: runInit,
  initPhase: runPhase,
  certsRenew: runRenew,
  recover: runRecover,
  generateCsr: runGenerateCsr,
  certsImport: runImport,
  certsStatus: runStatus,
  certsSign: runSign,
  rollback: runRollback,
  verify: runVerify,
  showTable,
  showTree,
  showArguments,
  showConfig,
  showRbac,
  checkExpiration: runCheckExpiration,
  certificateKey: runCertificateKey,
  kubeconfigUser: runUser,
  showCaHash,
  showJoin,
  exportBundle: runBundle,
  exportSecret: runExportSecret,
  importSecret: runImportSecret,
};
