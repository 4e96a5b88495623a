// Starts servers and holds them until it is killed.
import { startMariadb, startRedis } from '@parley/local-services';

const services = await Promise.all([startMariadb(), startRedis()]);
console.log(JSON.stringify(services.map(({ pid, folder }) => ({ pid, folder }))));
