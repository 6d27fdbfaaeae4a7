SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.activity_day (
    id bigint NOT NULL,
    learner uuid NOT NULL,
    day date NOT NULL
);
CREATE SEQUENCE public.activity_day_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.activity_day_id_seq OWNED BY public.activity_day.id;
CREATE TABLE public.app_user (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    external_id text NOT NULL,
    email text,
    name text NOT NULL,
    role text NOT NULL,
    team text,
    password_hash text,
    time_zone text,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    disabled_at timestamp with time zone,
    erased_at timestamp with time zone
);
CREATE TABLE public.audit_event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    actor uuid,
    action text NOT NULL,
    target text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);
CREATE SEQUENCE public.audit_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_event_id_seq OWNED BY public.audit_event.id;
CREATE TABLE public.login_session (
    token_hash bytea NOT NULL,
    member uuid NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    user_agent text
);
CREATE TABLE public.migration (
    id integer NOT NULL,
    name character varying(200) DEFAULT ''::character varying NOT NULL,
    app_name character varying(200) DEFAULT ''::character varying NOT NULL,
    ran_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE SEQUENCE public.migration_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.migration_id_seq OWNED BY public.migration.id;
CREATE TABLE public.quiz_answer (
    id bigint NOT NULL,
    attempt uuid NOT NULL,
    question_id text NOT NULL,
    choices text[] NOT NULL,
    correct boolean NOT NULL,
    first_ever boolean NOT NULL,
    answered_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE SEQUENCE public.quiz_answer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.quiz_answer_id_seq OWNED BY public.quiz_answer.id;
CREATE TABLE public.quiz_attempt (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    learner uuid NOT NULL,
    quiz_id text NOT NULL,
    attempt_number integer NOT NULL,
    content_hash text NOT NULL,
    started_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    completed_at timestamp with time zone,
    total_questions integer NOT NULL,
    correct_answers integer DEFAULT 0 NOT NULL,
    first_try_correct integer DEFAULT 0 NOT NULL,
    score integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.quiz_version (
    content_hash text NOT NULL,
    quiz_id text NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.rate_bucket (
    key text NOT NULL,
    window_start timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    tries integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.score_count (
    id bigint NOT NULL,
    track text NOT NULL,
    score integer NOT NULL,
    people integer NOT NULL
);
CREATE SEQUENCE public.score_count_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.score_count_id_seq OWNED BY public.score_count.id;
CREATE TABLE public.seeded (
    key text NOT NULL,
    password_hash text,
    seeded_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.team (
    id text NOT NULL,
    name text NOT NULL,
    track text NOT NULL
);
CREATE TABLE public.user_score (
    learner uuid NOT NULL,
    track text,
    ranked boolean DEFAULT false NOT NULL,
    score integer DEFAULT 0 NOT NULL,
    quizzes_completed integer DEFAULT 0 NOT NULL,
    answered integer DEFAULT 0 NOT NULL,
    correct integer DEFAULT 0 NOT NULL,
    first_answered integer DEFAULT 0 NOT NULL,
    first_correct integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.video_progress (
    id bigint NOT NULL,
    learner uuid NOT NULL,
    video_id text NOT NULL,
    done boolean DEFAULT false NOT NULL,
    self_declared boolean DEFAULT false NOT NULL,
    completed_at timestamp with time zone,
    position_s integer DEFAULT 0 NOT NULL,
    duration_s integer DEFAULT 0 NOT NULL,
    watched int4multirange DEFAULT '{}'::int4multirange NOT NULL,
    reported_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE SEQUENCE public.video_progress_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.video_progress_id_seq OWNED BY public.video_progress.id;
ALTER TABLE ONLY public.activity_day ALTER COLUMN id SET DEFAULT nextval('public.activity_day_id_seq'::regclass);
ALTER TABLE ONLY public.audit_event ALTER COLUMN id SET DEFAULT nextval('public.audit_event_id_seq'::regclass);
ALTER TABLE ONLY public.migration ALTER COLUMN id SET DEFAULT nextval('public.migration_id_seq'::regclass);
ALTER TABLE ONLY public.quiz_answer ALTER COLUMN id SET DEFAULT nextval('public.quiz_answer_id_seq'::regclass);
ALTER TABLE ONLY public.score_count ALTER COLUMN id SET DEFAULT nextval('public.score_count_id_seq'::regclass);
ALTER TABLE ONLY public.video_progress ALTER COLUMN id SET DEFAULT nextval('public.video_progress_id_seq'::regclass);
INSERT INTO public.activity_day VALUES
	(1, '7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', '2026-11-24'),
	(16, 'a9fe8a83-217e-4af2-97a8-d158f2e861fb', '2026-11-24'),
	(24, '3a4cc0bd-6c2d-4d06-9aae-7ed5d598f3f5', '2026-11-24'),
	(28, 'f4bd01cd-23b0-4b02-8bdb-7b8429a21804', '2026-11-24');
INSERT INTO public.app_user VALUES
	('7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', 'alex', NULL, 'Alex Johnson', 'learner', 'alpha', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.690956+00', NULL, NULL),
	('3a4cc0bd-6c2d-4d06-9aae-7ed5d598f3f5', 'mike', NULL, 'Mike Brown', 'learner', 'alpha', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.692758+00', NULL, NULL),
	('94dffc33-9c98-49ce-b511-af412d7b715a', 'priya', NULL, 'Priya Sharma', 'learner', 'alpha', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.693615+00', NULL, NULL),
	('88989a09-61ec-4dfe-88a2-450773dd1d87', 'jordan', NULL, 'Jordan Lee', 'learner', 'alpha', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.694206+00', NULL, NULL),
	('f4bd01cd-23b0-4b02-8bdb-7b8429a21804', 'yuki', NULL, 'Yuki Tanaka', 'learner', 'gamma', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.694864+00', NULL, NULL),
	('a568f4f3-4fee-4dbb-aa62-927a4b460661', 'sofia', NULL, 'Sofia Moreau', 'learner', 'gamma', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.696026+00', NULL, NULL),
	('0f0ac3a3-0170-41c9-b33f-48f8c891806c', 'dan', NULL, 'Dan Eriksson', 'learner', 'gamma', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.696549+00', NULL, NULL),
	('a9fe8a83-217e-4af2-97a8-d158f2e861fb', 'nina', NULL, 'Nina Patel', 'learner', 'beta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.697194+00', NULL, NULL),
	('4f37fc03-35c8-4715-94dd-b0a31ff3328e', 'carlos', NULL, 'Carlos Mendes', 'learner', 'beta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.697732+00', NULL, NULL),
	('98bb5e02-2f26-4c2b-a7d9-8c2f3ff10d11', 'amara', NULL, 'Amara Okafor', 'learner', 'beta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.698246+00', NULL, NULL),
	('2f2cfe87-e0b5-47bb-825d-59c33b06e6d6', 'omar', NULL, 'Omar Farouk', 'learner', 'delta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.699296+00', NULL, NULL),
	('4f5c785b-2d4c-4956-9ab6-e567f9d22f7f', 'lucy', NULL, 'Lucy Grant', 'learner', 'delta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.700097+00', NULL, NULL),
	('ca36bad8-ae29-4dae-8d7b-06b6594f2fec', 'ben', NULL, 'Ben Carter', 'learner', 'delta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.700608+00', NULL, NULL),
	('1d3d938a-3ab6-4b73-96dc-aae5c1de906f', 'mei', NULL, 'Mei Chen', 'learner', 'delta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.701271+00', NULL, NULL),
	('b506718d-ea03-4787-aafb-5f2b3e5befbd', 'sara', NULL, 'Sara Lindqvist', 'manager', 'alpha', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', NULL, '2026-11-24 09:09:50.701932+00', NULL, NULL),
	('287676e2-23fd-4e12-a5b2-bd04d12fab8a', 'leo', NULL, 'Leo Dubois', 'manager', 'gamma', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', NULL, '2026-11-24 09:09:50.702458+00', NULL, NULL),
	('d0ad7ffa-4c21-491c-9605-d9f777e723ea', 'tom', NULL, 'Tom Baker', 'manager', 'beta', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', NULL, '2026-11-24 09:09:50.702954+00', NULL, NULL),
	('eac9fdab-49a4-4f06-bb5d-b1080b6a75f7', 'claire', NULL, 'Claire Fontaine', 'manager', 'delta', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', NULL, '2026-11-24 09:09:50.703721+00', NULL, NULL),
	('0146ac7a-c6f8-4eca-98b9-1a5375f5adc6', 'lior', NULL, 'Lior Katz', 'manager', 'ai', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', NULL, '2026-11-24 09:09:50.704274+00', NULL, NULL),
	('0f856d0d-b7f5-4e5e-876c-1639c950ba4b', 'admin', NULL, 'Ada Admin', 'admin', NULL, '$argon2id$v=19$m=19456,t=2,p=1$LuaPI66eky6z3+ZTVEcjbA$MgFR9DZwcf1og6CeugeFP57UPFSmXSNUUlhb/WFX+Js', NULL, '2026-11-24 09:09:50.704766+00', NULL, NULL),
	('b54affe3-1302-4969-8487-08589bc4d4d9', 'helen', NULL, 'Helen Clark', 'learner', 'beta', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.698733+00', '2026-11-24 09:09:51.654225+00', NULL),
	('bf7ac68a-5cea-4b54-b5e0-41d330f3f653', 'rami', NULL, 'Rami Haddad', 'manager', 'gamma', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', NULL, '2026-11-24 09:09:50.695456+00', NULL, NULL);
INSERT INTO public.audit_event VALUES
	(1, '2026-11-24 09:09:51.65671+00', NULL, 'user.disable', 'b54affe3-1302-4969-8487-08589bc4d4d9', '{}'),
	(2, '2026-11-24 09:09:52.143509+00', NULL, 'user.set-role', 'bf7ac68a-5cea-4b54-b5e0-41d330f3f653', '{"role": "manager"}');
INSERT INTO public.login_session VALUES
	('\x118a373f869ec4c2fe5e5fe80beef7bac00b06e4d6f07d76401714ad8ebede9b', '7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', '2026-11-24 09:09:51.026294+00', '2026-11-25 09:09:51.026294+00', NULL, 'python-httpx/0.28.1'),
	('\x5b7bc4f1674d01f60241af90d51b87a5a0d3e26a0d71c3f72121405b697773b1', 'a9fe8a83-217e-4af2-97a8-d158f2e861fb', '2026-11-24 09:09:51.119661+00', '2026-11-25 09:09:51.119661+00', NULL, 'python-httpx/0.28.1'),
	('\xfd8c58629c822f68d40db2a3932551a345c4523339f98c4eb795686d82215ea5', '3a4cc0bd-6c2d-4d06-9aae-7ed5d598f3f5', '2026-11-24 09:09:51.165707+00', '2026-11-25 09:09:51.165707+00', NULL, 'python-httpx/0.28.1'),
	('\x37baf6731be998ba97b2673d260bf9e6a5b4596b1e751981e107294687c8ccd4', 'f4bd01cd-23b0-4b02-8bdb-7b8429a21804', '2026-11-24 09:09:51.198905+00', '2026-11-25 09:09:51.198905+00', '2026-11-24 09:09:51.201066+00', 'python-httpx/0.28.1');
INSERT INTO public.migration VALUES
	(1, '2026-11-24T06:20:03:088447', 'portal', '2026-11-24 09:09:50.124844');
INSERT INTO public.quiz_answer VALUES
	(1, 'b4a043eb-4da6-45d4-b6af-c2028a02510b', 'who-is-fluent', '{d}', false, true, '2026-11-24 09:09:51.041505+00'),
	(2, 'b4a043eb-4da6-45d4-b6af-c2028a02510b', 'programming-needed', '{true}', false, true, '2026-11-24 09:09:51.045872+00'),
	(3, 'b4a043eb-4da6-45d4-b6af-c2028a02510b', 'what-carries-over', '{a}', true, true, '2026-11-24 09:09:51.049487+00'),
	(4, 'b4a043eb-4da6-45d4-b6af-c2028a02510b', 'who-answers-for-it', '{b}', true, true, '2026-11-24 09:09:51.053087+00'),
	(5, 'b4a043eb-4da6-45d4-b6af-c2028a02510b', 'decide-against-ai', '{true}', true, true, '2026-11-24 09:09:51.056714+00'),
	(6, 'b4a043eb-4da6-45d4-b6af-c2028a02510b', 'working-together', '{d}', true, true, '2026-11-24 09:09:51.060019+00'),
	(7, '689e2828-86f1-41da-886b-91f7b041026a', 'who-is-fluent', '{a}', false, false, '2026-11-24 09:09:51.071777+00'),
	(8, '689e2828-86f1-41da-886b-91f7b041026a', 'programming-needed', '{false}', true, false, '2026-11-24 09:09:51.075136+00'),
	(9, '689e2828-86f1-41da-886b-91f7b041026a', 'what-carries-over', '{a}', true, false, '2026-11-24 09:09:51.078637+00'),
	(10, '689e2828-86f1-41da-886b-91f7b041026a', 'who-answers-for-it', '{b}', true, false, '2026-11-24 09:09:51.082161+00'),
	(11, '689e2828-86f1-41da-886b-91f7b041026a', 'decide-against-ai', '{true}', true, false, '2026-11-24 09:09:51.085498+00'),
	(12, '689e2828-86f1-41da-886b-91f7b041026a', 'working-together', '{d}', true, false, '2026-11-24 09:09:51.088664+00'),
	(13, 'd7140938-cf64-41dc-b47c-d41cbddca58f', 'who-is-fluent', '{c}', true, true, '2026-11-24 09:09:51.127042+00'),
	(14, 'd7140938-cf64-41dc-b47c-d41cbddca58f', 'programming-needed', '{false}', true, true, '2026-11-24 09:09:51.129728+00'),
	(15, 'd7140938-cf64-41dc-b47c-d41cbddca58f', 'what-carries-over', '{a}', true, true, '2026-11-24 09:09:51.1325+00'),
	(16, 'd7140938-cf64-41dc-b47c-d41cbddca58f', 'who-answers-for-it', '{b}', true, true, '2026-11-24 09:09:51.135205+00'),
	(17, 'd7140938-cf64-41dc-b47c-d41cbddca58f', 'decide-against-ai', '{true}', true, true, '2026-11-24 09:09:51.137916+00'),
	(18, 'd7140938-cf64-41dc-b47c-d41cbddca58f', 'working-together', '{d}', true, true, '2026-11-24 09:09:51.140836+00'),
	(19, 'dd954d3f-43fd-4a1d-a3ec-23cd4db1d3ac', 'who-is-fluent', '{b}', false, true, '2026-11-24 09:09:51.172415+00');
INSERT INTO public.quiz_attempt VALUES
	('b4a043eb-4da6-45d4-b6af-c2028a02510b', '7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', 'introduction-to-ai-fluency', 1, '9fa39a350dc08d2f87990617cbb52b2a', '2026-11-24 09:09:51.040381+00', '2026-11-24 09:09:51.063894+00', 6, 4, 4, 60),
	('689e2828-86f1-41da-886b-91f7b041026a', '7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', 'introduction-to-ai-fluency', 2, '9fa39a350dc08d2f87990617cbb52b2a', '2026-11-24 09:09:51.071156+00', '2026-11-24 09:09:51.091869+00', 6, 5, 4, 70),
	('d7140938-cf64-41dc-b47c-d41cbddca58f', 'a9fe8a83-217e-4af2-97a8-d158f2e861fb', 'introduction-to-ai-fluency', 1, '9fa39a350dc08d2f87990617cbb52b2a', '2026-11-24 09:09:51.126595+00', '2026-11-24 09:09:51.143959+00', 6, 6, 6, 90),
	('dd954d3f-43fd-4a1d-a3ec-23cd4db1d3ac', '3a4cc0bd-6c2d-4d06-9aae-7ed5d598f3f5', 'introduction-to-ai-fluency', 1, '9fa39a350dc08d2f87990617cbb52b2a', '2026-11-24 09:09:51.17191+00', NULL, 6, 0, 0, 0);
INSERT INTO public.quiz_version VALUES
	('9fa39a350dc08d2f87990617cbb52b2a', 'introduction-to-ai-fluency', '[{"id": "who-is-fluent", "key": ["c"], "kind": "single", "text": "Which colleague shows the most AI fluency?", "choices": [{"id": "a", "text": "One who uses AI for every task in order to get the most practice"}, {"id": "b", "text": "One who knows how models are trained and follows each release"}, {"id": "c", "text": "One who decides where AI helps, guides it and checks the result"}, {"id": "d", "text": "One who keeps a long list of prompts that worked well for others"}], "explanation": "AI fluency is the ability to work with AI effectively, efficiently, ethically and safely, and that takes judgement before, during and after the exchange. Knowing how models are trained is useful background, but it does not tell anyone whether AI fits this task or whether this result can be trusted."}, {"id": "programming-needed", "key": ["false"], "kind": "true_false", "text": "You need to be able to program to become fluent in working with AI.", "choices": [{"id": "true", "text": "True"}, {"id": "false", "text": "False"}], "explanation": "Today''s AI assistants are instructed in everyday language, so clear thinking and knowledge of your own subject count for more than code. Programming opens up further uses, but a nurse or a lawyer can be more fluent than a developer who accepts every answer unread."}, {"id": "what-carries-over", "key": ["a"], "kind": "single", "text": "Your company replaces its AI tool with another one. What carries over best?", "choices": [{"id": "a", "text": "Defining the task, giving good context and judging the result"}, {"id": "b", "text": "The exact wording of prompts that worked in the old tool"}, {"id": "c", "text": "Knowing where each button and setting of the tool is found"}, {"id": "d", "text": "The list of mistakes that the old tool was known to make"}], "explanation": "Defining a task, giving context and judging results are abilities of the person, so they serve with every tool. Exact prompts are tempting to keep, but models react differently to the same words, and a prompt that shone in one tool has to be tested again in the next."}, {"id": "who-answers-for-it", "key": ["b"], "kind": "single", "text": "You prepare a price comparison with AI and send it to a customer. One figure turns out to be made up. Who should answer for it?", "choices": [{"id": "a", "text": "The maker of the AI system, because it made up the figure"}, {"id": "b", "text": "You, because you used the result and passed it on"}, {"id": "c", "text": "Nobody, because an AI mistake cannot be foreseen"}, {"id": "d", "text": "The customer, who could have checked the figures as well"}], "explanation": "Whoever uses a result and passes it on answers for it, as with any other tool or draft. The maker of the system is tempting to name because the error arose there, but only you knew what the figure was for, could check it, and decided to send it."}, {"id": "decide-against-ai", "key": ["true"], "kind": "true_false", "text": "Deciding against AI for a particular task can be a sign of AI fluency.", "choices": [{"id": "true", "text": "True"}, {"id": "false", "text": "False"}], "explanation": "Fluency includes knowing where AI does not help: where trust between people matters most, where the data must not leave, or where checking takes longer than doing. Frequent use is easily mistaken for fluency, but use counts only where it improves the outcome."}, {"id": "working-together", "key": ["d"], "kind": "single", "text": "Which of these is working together with AI, rather than handing it a finished task?", "choices": [{"id": "a", "text": "You have 200 files renamed by it according to one fixed pattern"}, {"id": "b", "text": "You have a menu translated by it and read it out to your guests"}, {"id": "c", "text": "You have the week''s news summed up by it every Friday at noon"}, {"id": "d", "text": "You discuss a plan with it, weigh its objections and then revise it"}], "explanation": "Working together means that both sides shape the result over several rounds: you bring the goal and the knowledge of your situation, the AI brings options and objections. The other three are sensible uses, but there the AI carries out an instruction that was complete from the start, and the thinking is not shared."}]', '2026-11-24 09:09:51.039463+00');
INSERT INTO public.rate_bucket VALUES
	('6cb1b3d7e69cc4cc0d274feea65bc5c0071c02d0d39dcc41da661edea76f0961', '2026-11-24 09:09:50.992982+00', 0),
	('9937bc811edcc29a753f7b8a630a8c497c31e711ab2fc96429b94adbc682f2ef', '2026-11-24 09:09:50.992982+00', 0),
	('40d5bf9a41dbacbb3d7b1d364c0c19260420bdc44b270715c092dc01ac69baf7', '2026-11-24 09:09:51.095039+00', 0),
	('ab1af9073038184091fd9eb82dcda3d71df155f5419ce148a05e2f60e35abbf6', '2026-11-24 09:09:51.095039+00', 0),
	('4978904436e05572b161591d7d70a529fc68baa5462911a8f3c8bb5c03f9bb54', '2026-11-24 09:09:51.147002+00', 0),
	('cb05db7d74b761b9cd015b6a10d02c735a9b5b7b2411628ee698a2636543f869', '2026-11-24 09:09:51.147002+00', 0),
	('02d142e42ac43fca5fd525f9b86cfe52298560d2124734d6e55567d3d39a59ec', '2026-11-24 09:09:51.180583+00', 0),
	('a0448e60f5fd1efc2b5c94fee3d3fecc71711724a1f2a911df0aac9c6e6e288d', '2026-11-24 09:09:51.180583+00', 0),
	('8d2a8c08baa415c324325d8e7c5e0e75814c068b2d01653d2348aec71d45b52e', '2026-11-24 09:09:51.203156+00', 1),
	('c40130a7f2cc859d98cc0ca3931bf393ce583888b97400efc2e5053ce89bea9b', '2026-11-24 09:09:51.203156+00', 1);
INSERT INTO public.score_count VALUES
	(1, 'dev', 60, 0),
	(3, 'dev', 70, 1),
	(4, 'business', 90, 1);
INSERT INTO public.seeded VALUES
	('team:alpha', NULL, '2026-11-24 09:09:50.687749+00'),
	('team:gamma', NULL, '2026-11-24 09:09:50.689259+00'),
	('team:beta', NULL, '2026-11-24 09:09:50.689779+00'),
	('team:delta', NULL, '2026-11-24 09:09:50.69014+00'),
	('team:ai', NULL, '2026-11-24 09:09:50.690462+00'),
	('user:alex', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.690676+00'),
	('user:mike', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.692376+00'),
	('user:priya', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.693338+00'),
	('user:jordan', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.693952+00'),
	('user:yuki', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.694593+00'),
	('user:rami', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.695217+00'),
	('user:sofia', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.69578+00'),
	('user:dan', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.696318+00'),
	('user:nina', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.696833+00'),
	('user:carlos', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.697513+00'),
	('user:amara', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.698024+00'),
	('user:helen', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.69852+00'),
	('user:omar', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.699005+00'),
	('user:lucy', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.699832+00'),
	('user:ben', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.700387+00'),
	('user:mei', '$argon2id$v=19$m=19456,t=2,p=1$Jg+2rx2Jr/wOszes53gytg$BZMrg4hoiz6Jdy4t7lrOGM2XYLZZVbQe4Z5n2QgnLaA', '2026-11-24 09:09:50.700884+00'),
	('user:sara', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', '2026-11-24 09:09:50.701584+00'),
	('user:leo', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', '2026-11-24 09:09:50.702242+00'),
	('user:tom', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', '2026-11-24 09:09:50.702733+00'),
	('user:claire', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', '2026-11-24 09:09:50.703328+00'),
	('user:lior', '$argon2id$v=19$m=19456,t=2,p=1$kd8qbqLBr0W/XbdWeJLWTQ$UXDf/HUyfUmlIeyukB1jE+LyoeyAOdJnwPOspWiDhWY', '2026-11-24 09:09:50.704052+00'),
	('user:admin', '$argon2id$v=19$m=19456,t=2,p=1$LuaPI66eky6z3+ZTVEcjbA$MgFR9DZwcf1og6CeugeFP57UPFSmXSNUUlhb/WFX+Js', '2026-11-24 09:09:50.704554+00');
INSERT INTO public.team VALUES
	('alpha', 'Alpha', 'dev'),
	('gamma', 'Gamma', 'dev'),
	('beta', 'Beta', 'business'),
	('delta', 'Delta', 'business'),
	('ai', 'AI', 'dev');
INSERT INTO public.user_score VALUES
	('7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', 'dev', true, 70, 1, 6, 5, 6, 4, '2026-11-24 09:09:51.092735+00'),
	('a9fe8a83-217e-4af2-97a8-d158f2e861fb', 'business', true, 90, 1, 6, 6, 6, 6, '2026-11-24 09:09:51.144796+00'),
	('3a4cc0bd-6c2d-4d06-9aae-7ed5d598f3f5', 'dev', false, 0, 0, 0, 0, 0, 0, '2026-11-24 09:09:51.17027+00'),
	('b54affe3-1302-4969-8487-08589bc4d4d9', 'business', false, 0, 0, 0, 0, 0, 0, '2026-11-24 09:09:51.655549+00'),
	('bf7ac68a-5cea-4b54-b5e0-41d330f3f653', 'dev', false, 0, 0, 0, 0, 0, 0, '2026-11-24 09:09:52.142145+00');
INSERT INTO public.video_progress VALUES
	(1, '3a4cc0bd-6c2d-4d06-9aae-7ed5d598f3f5', 'introduction-to-ai-fluency', false, false, NULL, 20, 200, '{[0,20)}', '2026-11-24 09:09:51.175764+00', '2026-11-24 09:09:51.175764+00'),
	(2, '7b600f1f-e35d-45bf-8ac6-80f28a2b4c21', 'introduction-to-ai-fluency', true, true, '2026-11-24 09:09:51.17873+00', 0, 0, '{}', NULL, '2026-11-24 09:09:51.17873+00');
SELECT pg_catalog.setval('public.activity_day_id_seq', 28, true);
SELECT pg_catalog.setval('public.audit_event_id_seq', 2, true);
SELECT pg_catalog.setval('public.migration_id_seq', 3, true);
SELECT pg_catalog.setval('public.quiz_answer_id_seq', 19, true);
SELECT pg_catalog.setval('public.score_count_id_seq', 4, true);
SELECT pg_catalog.setval('public.video_progress_id_seq', 2, true);
ALTER TABLE ONLY public.activity_day
    ADD CONSTRAINT activity_day_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_external_id_key UNIQUE (external_id);
ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.login_session
    ADD CONSTRAINT login_session_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quiz_answer
    ADD CONSTRAINT quiz_answer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quiz_attempt
    ADD CONSTRAINT quiz_attempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quiz_version
    ADD CONSTRAINT quiz_version_pkey PRIMARY KEY (content_hash);
ALTER TABLE ONLY public.rate_bucket
    ADD CONSTRAINT rate_bucket_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.score_count
    ADD CONSTRAINT score_count_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.seeded
    ADD CONSTRAINT seeded_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_score
    ADD CONSTRAINT user_score_pkey PRIMARY KEY (learner);
ALTER TABLE ONLY public.video_progress
    ADD CONSTRAINT video_progress_pkey PRIMARY KEY (id);
CREATE INDEX app_user_team ON public.app_user USING btree (team);
CREATE INDEX audit_event_actor ON public.audit_event USING btree (actor);
CREATE INDEX audit_event_at ON public.audit_event USING btree (at);
CREATE INDEX login_session_member ON public.login_session USING btree (member);
ALTER TABLE ONLY public.activity_day
    ADD CONSTRAINT activity_day_learner_fkey FOREIGN KEY (learner) REFERENCES public.app_user(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_team_fkey FOREIGN KEY (team) REFERENCES public.team(id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_actor_fkey FOREIGN KEY (actor) REFERENCES public.app_user(id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE ONLY public.login_session
    ADD CONSTRAINT login_session_member_fkey FOREIGN KEY (member) REFERENCES public.app_user(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.quiz_answer
    ADD CONSTRAINT quiz_answer_attempt_fkey FOREIGN KEY (attempt) REFERENCES public.quiz_attempt(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.quiz_attempt
    ADD CONSTRAINT quiz_attempt_learner_fkey FOREIGN KEY (learner) REFERENCES public.app_user(id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE ONLY public.user_score
    ADD CONSTRAINT user_score_learner_fkey FOREIGN KEY (learner) REFERENCES public.app_user(id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE ONLY public.video_progress
    ADD CONSTRAINT video_progress_learner_fkey FOREIGN KEY (learner) REFERENCES public.app_user(id) ON UPDATE CASCADE ON DELETE CASCADE;
