import { campaignRoutes, listRoutes, trunkRoutes, userRoutes, type Campaign } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { useServices } from '../../services.ts';
import { AsyncView } from '../../ui/async-view.tsx';
import { CampaignForm } from './campaign-form.tsx';
import { chooseLists, draftOf, emptyDraft } from './campaign-draft.ts';

/** Loads what the form chooses from, and what a new campaign begins with. */
export const CampaignFormLoader = ({
  campaign,
  firstLists = [],
}: {
  readonly campaign?: Campaign;
  readonly firstLists?: readonly string[];
}) => {
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['campaigns', 'form', campaign?.campaignId ?? 'new'],
    queryFn: async ({ signal }) => {
      const [lists, trunks, users, defaults, latest] = await Promise.all([
        api.call(listRoutes.listLists, { query: { limit: 200 }, signal }),
        api.call(trunkRoutes.listTrunks, { signal }),
        api.call(userRoutes.listUsers, { signal }),
        api.call(campaignRoutes.getCampaignDefaults, { signal }),
        api.call(campaignRoutes.listCampaigns, { query: { limit: 20 }, signal }),
      ]);
      const sample = latest.items.find(
        (item) => item.isDemo === lists.items.find((l) => (l.listId as string) === firstLists[0])?.isDemo,
      );
      const last =
        campaign !== undefined || sample === undefined
          ? undefined
          : await api.call(campaignRoutes.getCampaign, { params: { campaignId: sample.campaignId }, signal });
      const choice = { lists: lists.items, trunks: trunks.items, lastCallerIds: last?.settings.callerIds ?? [] };
      return { choice, users: users.items, defaults };
    },
    // What somebody is filling in must not change under their hands.
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <AsyncView query={query} rows={12}>
      {({ choice, users, defaults }) => (
        <CampaignForm
          {...(campaign === undefined ? {} : { campaign })}
          choice={choice}
          users={users}
          first={
            campaign === undefined
              ? chooseLists({ ...emptyDraft, settings: defaults }, firstLists, choice)
              : draftOf(campaign, users)
          }
        />
      )}
    </AsyncView>
  );
};
