//! Pull requests whole: lines, files, commits, reviews, and when a draft became ready.

use serde::Deserialize;

use super::super::payload::{Head, Named, Payload, Person, PullRequest, Repository, Review, Team, User};
use super::super::work;
use super::{Memory, about_nodes, ask, facts, items, lists, next_page, nodes, one};
use crate::domain::event::{Commit, Event};
use crate::domain::part::{Of, Part, Step};
use crate::domain::time::At;
use crate::sources::commits::follow_each_other;
use crate::sources::pages::{Answer, Ask, Page};
use crate::sources::{self, Read};

/// Pull requests asked about at once: GitHub gives a query ten seconds.
const AT_ONCE: usize = 25;
/// Fields are named as in the REST API, so that the same structures read both. Reviews and commits beyond these are asked
/// for by themselves.
const QUERY: &str = "query($ids:[ID!]!){nodes(ids:$ids){...on PullRequest{\
number title body html_url:url draft:isDraft merged additions deletions \
created_at:createdAt updated_at:updatedAt merged_at:mergedAt closed_at:closedAt \
head_sha:headRefOid head_branch:headRefName merge:mergeCommit{sha:oid} repository{full_name:nameWithOwner} \
user:author{login type:__typename} label_list:labels(first:50){nodes{name}} \
asked:reviewRequests(first:20){nodes{who:requestedReviewer{...on User{login} ...on Bot{login} ...on Mannequin{login} ...on Team{slug}}}} \
ready:timelineItems(itemTypes:[READY_FOR_REVIEW_EVENT],last:1){nodes{...on ReadyForReviewEvent{at:createdAt}}} \
review_list:reviews(first:50){page:pageInfo{more:hasNextPage}nodes{\
id:fullDatabaseId state submitted_at:submittedAt updated_at:updatedAt user:author{login type:__typename}}} \
commit_list:commits(first:100){page:pageInfo{more:hasNextPage}nodes{commit{\
sha:oid message authored_at:authoredDate committed_at:committedDate author{name email user{login}}}}} \
file_list:files(first:100){nodes{path}}}}}";

/// The asks for the pull requests on a page.
pub(super) fn details<'a>(asked: &Ask, changed: impl Iterator<Item = &'a lists::Listed>) -> Vec<Ask> {
    let mut lonely = Vec::new();
    let mut named = Vec::new();
    for way in changed {
        match (way.number, &way.node_id) {
            (Some(number), Some(node)) => named.push((number, node.clone())),
            (Some(number), None) => lonely.push(alone(asked, number)),
            (None, _) => {}
        }
    }
    let at_once = named.chunks(AT_ONCE).map(|pulls| {
        let ids: Vec<&str> = pulls.iter().map(|(_, node)| node.as_str()).collect();
        about_nodes(asked, QUERY, &ids, &Memory::Pulls { pulls: pulls.to_vec() })
    });
    at_once.chain(lonely).collect()
}

/// One pull request without GraphQL.
pub(super) fn alone(asked: &Ask, number: u64) -> Ask {
    ask(asked, format!("/repos/{}/pulls/{number}", asked.scope), &Memory::Pull { number })
}

fn reviews_of(asked: &Ask, number: u64, updated_at: Option<At>) -> Ask {
    ask(asked, format!("/repos/{}/pulls/{number}/reviews?per_page=100", asked.scope), &Memory::Reviews { number, updated_at })
}

fn commits_of(asked: &Ask, number: u64) -> Ask {
    ask(asked, format!("/repos/{}/pulls/{number}/commits?per_page=100", asked.scope), &Memory::Commits)
}

/// A connection of GraphQL.
#[derive(Debug, Deserialize)]
struct Nodes<T> {
    page: Option<More>,
    nodes: Option<Vec<Option<T>>>,
}

#[derive(Debug, Deserialize)]
struct More {
    more: bool,
}

impl<T> Nodes<T> {
    /// All of them; none where there are more, or where GraphQL could not say in time: then they are asked for by themselves.
    fn whole(nodes: Option<Self>) -> Option<Vec<T>> {
        let nodes = nodes?;
        (!nodes.page.is_some_and(|page| page.more)).then(|| nodes.nodes.into_iter().flatten().flatten().collect())
    }
}

/// Those that were given, be they all or not.
fn given<T>(nodes: Option<Nodes<T>>) -> impl DoubleEndedIterator<Item = T> {
    nodes.and_then(|nodes| nodes.nodes).into_iter().flatten().flatten()
}

/// A pull request as GraphQL gives it.
#[derive(Debug, Deserialize)]
struct Whole {
    #[serde(flatten)]
    request: PullRequest,
    head_sha: Option<String>,
    head_branch: Option<String>,
    merge: Option<Sha>,
    repository: Option<Repository>,
    label_list: Option<Nodes<Named>>,
    asked: Option<Nodes<Asked>>,
    ready: Option<Nodes<Ready>>,
    review_list: Option<Nodes<GivenReview>>,
    commit_list: Option<Nodes<Given>>,
    file_list: Option<Nodes<File>>,
}

#[derive(Debug, Deserialize)]
struct Sha {
    sha: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    who: Option<Who>,
}

/// A person, or a team.
#[derive(Debug, Deserialize)]
struct Who {
    #[serde(flatten)]
    user: User,
    slug: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Ready {
    at: At,
}

#[derive(Debug, Deserialize)]
struct File {
    path: String,
}

/// A review's id is a text here, since it may be longer than GraphQL's numbers.
#[derive(Debug, Deserialize)]
struct GivenReview {
    id: Option<String>,
    state: Option<String>,
    submitted_at: Option<At>,
    updated_at: Option<At>,
    user: Option<User>,
}

impl From<GivenReview> for Review {
    fn from(given: GivenReview) -> Self {
        Self {
            id: given.id.and_then(|id| id.parse().ok()),
            user: given.user.map(as_rest),
            state: given.state,
            submitted_at: given.submitted_at,
            updated_at: given.updated_at,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Given {
    commit: GivenCommit,
}

#[derive(Debug, Deserialize)]
struct GivenCommit {
    sha: String,
    message: Option<String>,
    authored_at: Option<At>,
    committed_at: Option<At>,
    author: Option<Author>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Author {
    name: Option<String>,
    email: Option<String>,
    user: Option<User>,
}

/// Several pull requests by GraphQL.
pub(super) fn pulls(asked: &Ask, body: &[u8], pulls: &[(u64, String)]) -> Result<Page, String> {
    let mut page = Page::default();
    for (line, ((number, _), node)) in (1..).zip(pulls.iter().zip(nodes(body, pulls.len())?)) {
        match node.and_then(|node| one::<Whole>(node).ok()) {
            Some(whole) => whole.tell(asked, line, &mut page),
            // It is gone, or GraphQL could not say.
            None => page.inner.push(alone(asked, *number)),
        }
    }
    Ok(page)
}

impl Whole {
    fn tell(self, asked: &Ask, line: u64, page: &mut Page) {
        let repository = self.repository.and_then(|repository| repository.full_name).unwrap_or_else(|| asked.scope.clone());
        let (number, updated_at) = (self.request.number, self.request.updated_at);
        let Some(number) = number else { return page.take(line, Err("it has no number".into())) };
        let commits = Nodes::whole(self.commit_list);
        match Nodes::whole(self.review_list) {
            None => page.inner.push(reviews_of(asked, number, updated_at)),
            Some(reviews) => {
                for review in reviews {
                    page.take(line, review_of(review.into(), number, updated_at, &repository));
                }
            }
        }
        if commits.is_none() {
            page.inner.push(commits_of(asked, number));
        }
        let ready_at = given(self.ready).map(|ready| ready.at).next_back();
        let mut request = self.request;
        request.user = request.user.map(as_rest);
        request.labels = Some(given(self.label_list).collect());
        let (teams, people): (Vec<Who>, Vec<Who>) = given(self.asked).filter_map(|asked| asked.who).partition(|who| who.slug.is_some());
        request.requested_reviewers = Some(people.into_iter().map(|who| as_rest(who.user)).collect());
        request.requested_teams = Some(teams.into_iter().map(|who| Team { slug: who.slug }).collect());
        request.head = Some(Head { sha: self.head_sha, branch: self.head_branch });
        request.merge_commit_sha = self.merge.and_then(|merge| merge.sha);
        // One that was never a draft was ready when it was opened.
        let opened_ready = request.created_at.filter(|_| request.draft != Some(true));
        let id = format!("{repository}#{number}");
        if let Some(at) = ready_at {
            page.facts(line, [(Event::Part(Part::new(Of::Change, id.clone(), Step::Ready, at)), Some(at))]);
        }
        let mut change = work::change(request, id, &repository);
        change.ready_at = ready_at.or(opened_ready);
        // A list that is cut off would pass for the whole: then the commits' own parents tell which they are.
        change.commits = commits.map(|commits| in_order(commits, &repository));
        change.paths = self.file_list.is_some().then(|| given(self.file_list).map(|file| file.path).collect());
        // It tells more than a webhook's delivery of the same second, so it stands above that, and below any later one.
        page.facts(line, [(Event::Change(change), updated_at.map(|at| at.plus(1)))]);
    }
}

/// The commits of a pull request, each behind the one before it, as those of a push.
fn in_order(commits: Vec<Given>, repository: &str) -> Vec<Commit> {
    let told = |Given { commit }| {
        let author = commit.author.unwrap_or_default();
        let account = author.user.map(as_rest).unwrap_or_default();
        let person = Person { name: author.name, email: author.email, username: account.login.clone() };
        Commit {
            repository: Some(repository.into()),
            authored_at: commit.authored_at,
            committed_at: commit.committed_at,
            bot: Some(account.bot() || person.bot()),
            email: person.email.clone(),
            author: person.named(),
            message: commit.message,
            sha: commit.sha,
            ..Commit::default()
        }
    };
    let mut commits: Vec<Commit> = commits.into_iter().map(told).collect();
    follow_each_other(commits.iter_mut(), None);
    commits
}

/// An account as the REST API and the webhooks name it: they write `[bot]` behind a bot's name.
fn as_rest(mut user: User) -> User {
    if user.kind.as_deref() == Some("Bot") {
        user.login = user.login.map(|login| if login.ends_with("[bot]") { login } else { format!("{login}[bot]") });
    }
    user
}

/// One pull request by the REST API, where GraphQL does not answer.
pub(super) fn pull(asked: &Ask, body: &[u8], number: u64) -> Result<Page, String> {
    #[derive(Deserialize)]
    struct Placed {
        base: Option<Base>,
    }
    #[derive(Deserialize)]
    struct Base {
        repo: Option<Repository>,
    }
    let placed: Placed = sources::read(body)?;
    let repository = placed.base.and_then(|base| base.repo).and_then(|repo| repo.full_name).unwrap_or_else(|| asked.scope.clone());
    let request: PullRequest = sources::read(body)?;
    let updated_at = request.updated_at;
    let inner = vec![reviews_of(asked, number, updated_at), commits_of(asked, number)];
    let mut page = Page { inner, ..Page::default() };
    let change = work::change(request, format!("{repository}#{number}"), &repository);
    page.facts(1, [(Event::Change(change), updated_at)]);
    Ok(page)
}

/// The reviews of one.
pub(super) fn reviews(asked: &Ask, answer: &Answer, body: &[u8], number: u64, updated_at: Option<At>) -> Result<Page, String> {
    #[derive(Deserialize)]
    struct Placed {
        pull_request_url: Option<String>,
    }
    let (things, _) = items(body, None)?;
    let mut page = Page::default();
    for (line, item) in (1..).zip(&things) {
        let url = one::<Placed>(item).ok().and_then(|placed| placed.pull_request_url);
        let repository = facts::named(url.as_deref()).unwrap_or_else(|| asked.scope.clone());
        page.take(line, one(item).and_then(|review| review_of(review, number, updated_at, &repository)));
    }
    page.next = next_page(asked, answer, &Memory::Reviews { number, updated_at });
    Ok(page)
}

/// The commits of one, with git's own parents.
pub(super) fn commits(asked: &Ask, answer: &Answer, body: &[u8]) -> Result<Page, String> {
    let (things, _) = items(body, None)?;
    let mut page = Page::default();
    facts::commits(asked, &things, &mut page);
    page.next = next_page(asked, answer, &Memory::Commits);
    Ok(page)
}

fn review_of(review: Review, number: u64, updated_at: Option<At>, repository: &str) -> Read {
    let request = PullRequest { number: Some(number), updated_at, ..PullRequest::default() };
    work::review(Payload { review: Some(review), pull_request: Some(request), ..Payload::default() }, repository)
}
