using System.Reflection;

namespace LatentDiffusion.Configuration;

/// <summary>What a value of a configuration may be.</summary>
/// <param name="Clr">The .NET type of the value.</param>
/// <param name="IsNullable">Whether null is a value.</param>
internal abstract record ConfigType(Type Clr, bool IsNullable)
{
    /// <summary>A number, truth value, text or enumeration value.</summary>
    public sealed record Scalar(Type Clr, bool IsNullable, Type Type) : ConfigType(Clr, IsNullable);

    /// <summary>A list, held as an array.</summary>
    public sealed record Sequence(Type Clr, bool IsNullable, ConfigType Element) : ConfigType(Clr, IsNullable);

    /// <summary>A record, or one of the kinds of an abstract record.</summary>
    public sealed record Record(Type Clr, bool IsNullable) : ConfigType(Clr, IsNullable);

    /// <summary>The type a property is declared with.</summary>
    /// <exception cref="InvalidOperationException">A configuration cannot hold such a type.</exception>
    public static ConfigType Of(PropertyInfo property) =>
        Of(new NullabilityInfoContext().Create(property))
        ?? throw new InvalidOperationException(
            $"{property.DeclaringType!.Name}.{property.Name}: a configuration cannot hold a {property.PropertyType}."
        );

    private static ConfigType? Of(NullabilityInfo info)
    {
        var clr = info.Type;
        var nullable = info.ReadState == NullabilityState.Nullable;
        var type = Nullable.GetUnderlyingType(clr) ?? clr;
        if (type.IsEnum || type == typeof(string) || IsNumberOrTruth(type))
        {
            return new Scalar(clr, nullable, type);
        }

        var element =
            clr.IsArray ? info.ElementType
            : clr.IsGenericType && clr.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
                ? info.GenericTypeArguments[0]
            : null;
        if (element is not null)
        {
            return Of(element) is { } item ? new Sequence(clr, nullable, item) : null;
        }

        return RecordSchema.IsRecord(clr) ? new Record(clr, nullable) : null;
    }

    private static bool IsNumberOrTruth(Type type) =>
        type == typeof(bool) || type == typeof(int) || type == typeof(long) || type == typeof(double);
}
