// Healthy: this container's node says that it is ready. Exit code 0 or 1, with the node's reasons on standard output.
const port = process.env.PARLEY_ADMIN_PORT ?? '9128';
try {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
  process.stdout.write(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`${error}\n`);
  process.exitCode = 1;
}
