import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

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
      ['apt-get', 'install', '-qy', '--no-install-recommends', 'redis-server'],
    ],
    needsRoot: true,
  },
  { program: 'brew', commands: [['brew', 'install', 'redis']], needsRoot: false },
];

/** Whether there is a server to start; installs one where there is none, and says so. False: it said why not. */
export function haveServer(): boolean {
  if ((process.env['REDIS_SERVERS'] ?? '') !== '' || isThere('redis-server') || isThere('valkey-server')) return true;
  const installer = INSTALLERS.find(({ program }) => isThere(program));
  if (installer === undefined) return refuse('this machine has neither redis-server, valkey-server, apt-get nor brew');
  const prefix = prefixOf(installer);
  if (prefix === null) return refuse('installing redis-server with apt-get needs root, and there is no sudo');
  console.log('This machine has no redis-server, so it is installed:');
  for (const command of installer.commands) {
    if (!ran([...prefix, ...command])) return refuse(`"${command.join(' ')}" failed`);
  }
  if (!endService(prefix)) return refuse('the service that the package brings along could not be ended');
  return isThere('redis-server') || refuse('redis-server is installed, but it is not in PATH');
}

function refuse(why: string): false {
  console.error(`Cannot start: ${why}. Install redis-server or valkey-server (6.2 or later), then run this again.`);
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
