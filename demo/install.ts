import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A program that tests or the demo start. */
interface Need {
  /** Any of these in PATH will do. */
  readonly programs: readonly string[];
  /** Names of its package by the program that installs it. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  readonly advice: string;
}

const SERVER: Need = {
  programs: ['redis-server', 'valkey-server'],
  packages: { 'apt-get': ['redis-server'], brew: ['redis'] },
  advice: 'Install redis-server or valkey-server (6.2 or later)',
};

/** Builds the module that tests load into servers. */
const COMPILER: Need = {
  programs: ['cc'],
  packages: { 'apt-get': ['gcc', 'libc6-dev'] },
  advice: 'Install a C compiler (on macOS: xcode-select --install)',
};

interface Installer {
  /** Must be in PATH. */
  readonly program: string;
  readonly commands: readonly (readonly string[])[];
  readonly needsRoot: boolean;
}

const INSTALLERS: readonly Installer[] = [
  {
    program: 'apt-get',
    commands: [
      ['apt-get', 'update', '-q'],
      ['apt-get', 'install', '-qy', '--no-install-recommends'],
    ],
    needsRoot: true,
  },
  { program: 'brew', commands: [['brew', 'install']], needsRoot: false },
];

/** Whether there is a server to start; installs one where there is none, and says so. False: it said why not. */
export function haveServer(): boolean {
  return (process.env['REDIS_SERVERS'] ?? '') !== '' || have(SERVER, endService);
}

/** The same of a C compiler. */
export function haveCompiler(): boolean {
  return have(COMPILER, () => true);
}

/** @param settle what is to be done after it was installed; false: that failed */
function have(need: Need, settle: (prefix: readonly string[]) => boolean): boolean {
  if (need.programs.some(isThere)) return true;
  const [program = ''] = need.programs;
  const installer = INSTALLERS.find((one) => one.program in need.packages && isThere(one.program));
  if (installer === undefined) {
    const others = [...need.programs, ...Object.keys(need.packages)].join(', ');
    return refuse(need, `this machine has none of ${others}`);
  }
  const prefix = prefixOf(installer);
  if (prefix === null)
    return refuse(need, `installing ${program} with ${installer.program} needs root, and there is no sudo`);
  console.log(`This machine has no ${program}, so it is installed:`);
  for (const command of commandsOf(installer, need)) {
    if (!ran([...prefix, ...command])) return refuse(need, `"${command.join(' ')}" failed`);
  }
  if (!settle(prefix)) return refuse(need, 'the service that the package brings along could not be ended');
  return isThere(program) || refuse(need, `${program} is installed, but it is not in PATH`);
}

/** The last one installs, and gets the packages. */
function commandsOf({ program, commands }: Installer, { packages }: Need): readonly (readonly string[])[] {
  return [...commands.slice(0, -1), [...(commands.at(-1) ?? []), ...(packages[program] ?? [])]];
}

function refuse({ advice }: Need, why: string): false {
  console.error(`Cannot start: ${why}. ${advice}, then run this again.`);
  return false;
}

/** How to become root; null where one cannot. */
function prefixOf({ needsRoot }: Installer): readonly string[] | null {
  if (!needsRoot || process.getuid?.() === 0) return [];
  if (!isThere('sudo')) return null;
  // Without a terminal nobody could type a password.
  return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
}

/** Debian's package starts a service on port 6379. Nobody asked for it, so it does not stay. */
function endService(prefix: readonly string[]): boolean {
  if (!existsSync('/run/systemd/system')) return true;
  return ran([...prefix, 'systemctl', 'disable', '--now', 'redis-server']);
}

function ran(command: readonly string[]): boolean {
  console.log(`  $ ${command.join(' ')}`);
  const [program = '', ...words] = command;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    env,
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  if (status === 0) return true;
  console.error([stdout, stderr, error?.message].filter(Boolean).join('\n'));
  return false;
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v "$1"`, 'sh', program], { stdio: 'ignore' }).status === 0;
}
