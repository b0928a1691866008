import { app } from '@azure/functions';
import { startBff } from 'entra-bff';
import { teamCard } from './team-card.ts';
import { whoAmI } from './who-am-i.ts';

startBff(app, process.env, (bff) => {
  whoAmI(bff);
  teamCard(bff);
});
