using LatentDiffusion.Models;

namespace LatentDiffusion.Pipelines;

/// <summary>The guidance scales to take when nobody asks for another.</summary>
public static class UsualGuidance
{
    /// <summary>
    /// For prompts: the default of the published text-to-image script (--scale 5.0). Less obeys the text too rarely, much more
    /// drives colours to the edge of their range.
    /// </summary>
    public const double Text = 5;

    /// <summary>
    /// For classes, of which a model knows few and sees each often: they need less. So do layouts and label maps, which say
    /// more than a text.
    /// </summary>
    public const double Class = 2;

    /// <summary>
    /// The scale for a model; 1, which is none, where there is nothing to guide by, or the model never learned to draw
    /// without its condition.
    /// </summary>
    public static double Of(LatentDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.ReadsText ? Text
            : model.Config.Conditioner?.Singles.Any(single => single.DropProbability > 0) == true ? Class
            : 1;
    }
}
