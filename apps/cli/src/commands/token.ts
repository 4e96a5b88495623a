import { type Command, Option } from 'commander';
import { durationArgument, idArgument } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import { configFromEnvironment } from '../edge-access.ts';
import { signToken } from '../jwt.ts';

interface TokenFlags {
  readonly user: number;
  readonly name?: string;
  readonly ttl: number;
}

const EXAMPLES = `
Examples:
  export PARLEY_AUTH=jwt PARLEY_JWT_SECRET="$(openssl rand -base64 48)"
  parley token --user 7 --name "Dakola Timmy" --ttl 1h
  parley chat --token "$(parley token --user 7)" --to 8

For tests and scripts: in production your own sign-in service makes the tokens.`;

export function tokenCommand(parent: Command): void {
  parent
    .command('token')
    .description('Prints a token that signs a user in, signed with HS256 and PARLEY_JWT_SECRET.')
    .requiredOption('--user <id>', 'the user who signs in with it', idArgument)
    .option('--name <name>', 'display name that the token carries')
    .addOption(
      new Option('--ttl <time>', 'how long it is valid: 30s, 15m, 1h, 7d')
        .argParser(durationArgument)
        .default(durationArgument('1h'), '1h'),
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: TokenFlags) => {
      console.log(makeToken(flags, Date.now()));
    });
}

function makeToken({ user, name, ttl }: TokenFlags, nowMs: number): string {
  const { auth } = configFromEnvironment();
  if (auth.kind === 'development') {
    throw new CliError(
      'Nodes with these settings take bare user ids, not tokens.',
      'Set PARLEY_AUTH=jwt and PARLEY_JWT_SECRET (32 bytes or more) here and for the nodes.',
    );
  }
  if (auth.key.kind !== 'secret') {
    throw new CliError(
      'Tokens of this cluster are signed with a private key that Parley does not have.',
      'Get one from the service that signs users in, or set PARLEY_JWT_SECRET for a test cluster.',
    );
  }
  const issuedAt = Math.floor(nowMs / 1000);
  const payload = {
    sub: String(user),
    ...(name === undefined ? {} : { name }),
    iat: issuedAt,
    exp: issuedAt + ttl,
    ...(auth.issuer === null ? {} : { iss: auth.issuer }),
    ...(auth.audience === null ? {} : { aud: auth.audience }),
  };
  return signToken(payload, auth.key.secret);
}
