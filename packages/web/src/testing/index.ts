export { AgentDesk, CampaignPages, ImportWizard, LoginScreen, StoryPage } from './page-objects.ts';
