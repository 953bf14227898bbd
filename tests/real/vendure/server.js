// A real Vendure, bound to the loopback interface, on the PostgreSQL that the environment names.
// `node server.js populate` makes the schema and the least data that an order needs, then leaves;
// `node server.js` serves until it is told to stop, and prints one line when it is ready.
const { bootstrap, dummyPaymentHandler, DefaultLogger, LogLevel } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

const populating = process.argv[2] === 'populate';

const config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: populating ? 0 : Number(process.env.REAL_PORT),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
  },
  authOptions: {
    tokenMethod: ['bearer'],
    superadminCredentials: { identifier: process.env.REAL_USER, password: process.env.REAL_PASSWORD },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: '127.0.0.1',
    port: Number(process.env.REAL_DATABASE_PORT),
    username: process.env.REAL_DATABASE_USER,
    database: process.env.REAL_DATABASE,
    synchronize: populating,
    logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
};

const initialData = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'Austria', code: 'AT', zone: 'Europe' }],
  taxRates: [{ name: 'Zero Tax', percentage: 0 }],
  shippingMethods: [{ name: 'Post', price: 0 }],
  paymentMethods: [
    { name: 'Card', handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] } },
  ],
  collections: [],
  roles: [],
};

async function main() {
  if (populating) {
    const app = await populate(() => bootstrap(config), initialData);
    await app.close();
    process.exit(0);
  }
  await bootstrap(config);
  console.log('vendure ready');
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
