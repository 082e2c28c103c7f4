using System.Text.Json.Nodes;
using LatentDiffusion.Diffusion;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>Noise schedule and prediction as diffusers' scheduler_config.json has them.</summary>
internal static class SchedulerJson
{
    // What CompVis calls linear is linear in the square root of beta.
    private const string Linear = "scaled_linear";
    private const string SqrtLinear = "linear";
    private const string Cosine = "squaredcos_cap_v2";

    public static (NoiseScheduleConfig Schedule, Parameterization Prediction) Read(JsonValues json)
    {
        var betas = json.Numbers("trained_betas");
        var schedule = new NoiseScheduleConfig
        {
            Schedule = (json.Text("beta_schedule") ?? SqrtLinear) switch
            {
                Linear => BetaSchedule.Linear,
                SqrtLinear => BetaSchedule.SqrtLinear,
                Cosine => BetaSchedule.Cosine,
                _ when betas is not null => BetaSchedule.Linear,
                _ => throw json.Wrong("beta_schedule"),
            },
            Timesteps = json.Integer("num_train_timesteps") ?? 1000,
            LinearStart = json.Number("beta_start") ?? 1e-4,
            LinearEnd = json.Number("beta_end") ?? 2e-2,
            Betas = betas,
            ZeroTerminalSnr = json.Truth("rescale_betas_zero_snr", usual: false),
        };
        return (
            schedule,
            (json.Text("prediction_type") ?? "epsilon") switch
            {
                "epsilon" => Parameterization.Eps,
                "sample" => Parameterization.X0,
                "v_prediction" => Parameterization.V,
                _ => throw json.Wrong("prediction_type"),
            }
        );
    }

    public static JsonObject Write(NoiseScheduleConfig schedule, Parameterization prediction)
    {
        var named = schedule.Betas is null && schedule.Schedule != BetaSchedule.Sqrt;
        return new JsonObject
        {
            ["_class_name"] = "DDIMScheduler",
            ["_diffusers_version"] = DiffusersWriter.Version,
            ["num_train_timesteps"] = schedule.Length,
            ["beta_start"] = schedule.LinearStart,
            ["beta_end"] = schedule.LinearEnd,
            ["beta_schedule"] = schedule.Schedule switch
            {
                BetaSchedule.SqrtLinear => SqrtLinear,
                BetaSchedule.Cosine => Cosine,
                _ => Linear,
            },
            ["trained_betas"] = named
                ? null
                : new JsonArray([
                    .. NoiseSchedule
                        .Create(schedule with { ZeroTerminalSnr = false })
                        .Betas.Select(beta => (JsonNode)JsonValue.Create(beta)),
                ]),
            ["prediction_type"] = prediction switch
            {
                Parameterization.X0 => "sample",
                Parameterization.V => "v_prediction",
                _ => "epsilon",
            },
            ["rescale_betas_zero_snr"] = schedule.ZeroTerminalSnr,
            ["clip_sample"] = false,
            ["set_alpha_to_one"] = false,
            ["steps_offset"] = 1,
            ["timestep_spacing"] = "leading",
        };
    }
}
