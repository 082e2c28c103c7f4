using System.Reflection;

namespace LatentDiffusion.Configuration;

/// <summary>The keys of a configuration record and how to make one.</summary>
/// <exception cref="InvalidOperationException">The record is not written as a configuration has to be.</exception>
internal sealed class RecordSchema
{
    private readonly Type _type;
    private readonly ConstructorInfo _constructor;

    private RecordSchema(Type type)
    {
        _type = type;
        _constructor = type.GetConstructors() is [var only]
            ? only
            : throw new InvalidOperationException($"{type.Name}: a configuration record has one public constructor.");
        var parameters = _constructor.GetParameters().ToDictionary(parameter => parameter.Name!);
        Properties =
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .OrderBy(property => Depth(property.DeclaringType!))
                .Select(property => (Property: property, Parameter: parameters.GetValueOrDefault(property.Name)))
                .Where(pair => pair.Parameter is not null || pair.Property.SetMethod is { IsPublic: true })
                .Select(pair => new ConfigProperty(pair.Property, pair.Parameter)),
        ];
    }

    /// <summary>The properties that are keys, those of base records first, else in the order of the source.</summary>
    public IReadOnlyList<ConfigProperty> Properties { get; }

    public static RecordSchema Of(Type type) => new(type);

    /// <summary>Whether the type is a record class: the compiler gives every record this method to copy itself.</summary>
    public static bool IsRecord(Type type) => type.IsClass && type.GetMethod("<Clone>$") is not null;

    /// <summary>Makes a record from the value of each property.</summary>
    /// <param name="value">Gives the value of a property from its default, which means nothing for a required one.</param>
    public object Create(Func<ConfigProperty, object?, object?> value)
    {
        var positional = _constructor
            .GetParameters()
            .Select(parameter =>
                // By position: two threads may be given different objects for one parameter.
                Properties.FirstOrDefault(property => property.Parameter?.Position == parameter.Position)
                ?? throw new InvalidOperationException($"{_type.Name}: {parameter.Name} is not kept in a property.")
            )
            .Select(property => value(property, property.ParameterDefault));
        var record = _constructor.Invoke(
            BindingFlags.DoNotWrapExceptions,
            binder: null,
            [.. positional],
            culture: null
        );
        foreach (var property in Properties.Where(property => property.Parameter is null))
        {
            property.SetValue(record, value(property, property.GetValue(record)));
        }

        return record;
    }

    private static int Depth(Type type) => type.BaseType is null ? 0 : Depth(type.BaseType) + 1;
}
