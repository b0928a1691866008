import { app } from '@azure/functions';
import { startBff } from 'entra-bff';

startBff(app, process.env, {
  pages: {
    name: 'Contoso Orders',
    logo: 'logo.svg',
    accent: '#067a46',
    messages: { de: 'de.json', nl: { 'action.back_to': 'Terug naar {app}' } },
  },
});
